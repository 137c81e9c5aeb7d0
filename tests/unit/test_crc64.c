/* SPDX-License-Identifier: Apache-2.0
 *
 * CRC-64-AVRO against the values that Avro's own test data has. */
#include "codec/crc64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static void crc64__is_that_of_avros_own_test_data(void **state)
{
	static const struct {
		const char *text;
		uint64_t crc;
	} cases[] = {
		{"", UINT64_C(0xc15d213aa4d7a795)},
		{"\"null\"", UINT64_C(0x63dd24e7cc258f8a)},
		{"\"boolean\"", UINT64_C(0x9f42fc78a4d4f764)},
		{"\"int\"", UINT64_C(0x7275d51a3f395c8f)},
		{"\"string\"", UINT64_C(0x8f014872634503c7)},
		{"[\"int\"]", UINT64_C(0xb763638a48b2fb03)},
		{"{\"name\":\"foo\",\"type\":\"record\",\"fields\":[]}",
		 UINT64_C(0xbd0c50c84319be7e)},
		{"{\"name\":\"x.y.foo\",\"type\":\"record\",\"fields\":[]}",
		 UINT64_C(0x521d1a6b830ec4ab)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_true(crc64_avro(bytes_text(cases[i].text)) == cases[i].crc);
}

static void crc64__takes_bytes_above_127_as_unsigned(void **state)
{
	(void)state;
	// Computed with a table-driven implementation in another language.
	assert_true(crc64_avro((struct stagger_bytes){"\xff\x80\x00", 3})
		    == UINT64_C(0x778fb2063a864dd8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc64__is_that_of_avros_own_test_data),
		cmocka_unit_test(crc64__takes_bytes_above_127_as_unsigned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
