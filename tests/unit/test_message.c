/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler reads of its message beyond the struct's fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stagger/envelope.h>

#include "core/port.h"

static const struct stagger_header headers[] = {
	{"trace", {"a", 1}},
	{"tenant", {"x", 1}},
	{"trace", {"b", 1}},
	{"empty", {NULL, 0}},
};
static const struct stagger_pair attributes[] = {{"order", "17"}, {"step", "charged"}, {"", "e"}};

static struct port_call call_new(void)
{
	return (struct port_call){
		.message = {.topic = "orders",
			    .partition = 7,
			    .offset = INT64_C(9007199254740993),
			    .read_topic = "orders.billing.retry.1m",
			    .read_partition = 1,
			    .read_offset = 3,
			    .headers = headers,
			    .n_headers = 4},
		.group = "billing",
		.attributes = attributes,
		.n_attributes = 3,
	};
}

static void message__finds_the_last_header_of_a_name(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		const struct stagger_header *found;
	} cases[] = {
		{"trace", &headers[2]}, {"tenant", &headers[1]}, {"empty", &headers[3]},
		{"Trace", NULL},        {"trac", NULL},          {"", NULL},
	};
	struct port_call call = call_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_ptr_equal(stagger_message_header(&call.message, cases[i].name),
				 cases[i].found);
	call.message.n_headers = 0;
	call.message.headers = NULL;
	assert_null(stagger_message_header(&call.message, "trace"));
}

static void message__finds_attributes_by_their_whole_name(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} cases[] = {{"order", "17"}, {"step", "charged"}, {"", "e"}, {"ste", NULL}, {"Ste", NULL}};
	struct port_call call = call_new();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *value = stagger_message_attribute(&call.message, cases[i].name);
		assert_int_equal(value == NULL, cases[i].value == NULL);
		if (value != NULL)
			assert_string_equal(value, cases[i].value);
	}
	call.attributes = NULL;
	call.n_attributes = 0;
	assert_null(stagger_message_attribute(&call.message, "order"));
}

static void message__writes_the_id_of_the_original_record(void **state)
{
	(void)state;
	static const char whole[] = "billing/orders/7/9007199254740993";
	struct port_call call = call_new();
	for (size_t size = 0; size < sizeof(whole) + 3; size++) {
		char text[64];
		memset(text, '#', sizeof(text));
		assert_int_equal(stagger_message_id(&call.message, text, size), sizeof(whole) - 1);
		size_t fits = size > sizeof(whole) ? sizeof(whole) : size;
		if (fits > 0) {
			assert_memory_equal(text, whole, fits - 1);
			assert_int_equal(text[fits - 1], '\0');
		}
		assert_int_equal(text[fits], '#');
	}
	assert_int_equal(stagger_message_id(&call.message, NULL, 0), sizeof(whole) - 1);
}

static void message__id_of_a_deferred_copy_is_the_same(void **state)
{
	(void)state;
	struct port_context context = {.local = &context};
	struct port_call call = call_new();
	call.context = &context;
	struct port_call copy = call;
	copy.context = NULL;
	char text[64], text_of_copy[64];
	stagger_message_id(&call.message, text, sizeof(text));
	stagger_message_id(&copy.message, text_of_copy, sizeof(text_of_copy));
	assert_string_equal(text, text_of_copy);
}

static void message__gives_what_the_thread_has_only_inside_its_handler(void **state)
{
	(void)state;
	int connection = 0;
	struct port_context context = {.local = &connection};
	struct port_call call = call_new();
	assert_null(stagger_message_local(&call.message));
	call.context = &context;
	assert_ptr_equal(stagger_message_local(&call.message), &connection);
	context.local = NULL;
	assert_null(stagger_message_local(&call.message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message__finds_the_last_header_of_a_name),
		cmocka_unit_test(message__finds_attributes_by_their_whole_name),
		cmocka_unit_test(message__writes_the_id_of_the_original_record),
		cmocka_unit_test(message__id_of_a_deferred_copy_is_the_same),
		cmocka_unit_test(message__gives_what_the_thread_has_only_inside_its_handler),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
