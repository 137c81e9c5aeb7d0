/* SPDX-License-Identifier: Apache-2.0
 *
 * Files, sockets, descriptors and threads that fail: each system call of ours that opens, reads,
 * listens or begins a thread fails once, and the public call above it must say why, leave nothing
 * open, and work when it is made again. Besides: interrupted and partial reads and writes, a full
 * standard error, and a broker's port that runs out of descriptors. */
#define _GNU_SOURCE
#include "calls.h"
#include "heap.h"
#include "syscalls.h"
#include "wave.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "kafka/forward.h"
#include "ports.h"

#define N_MAX   200
#define WAIT_MS 10000 /* a bound */

/* -- descriptors ------------------------------------------------------------------------- */

static size_t open_files(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		n++;
	closedir(folder);
	return n;
}

static int listening(int *port)
{
	int fd = port_bind(port);

	assert_int_equal(listen(fd, 8), 0);
	return fd;
}

/* -- what is called ---------------------------------------------------------------------- */

static enum stagger_status open_in_c(struct desk *d, struct stagger_error *err)
{
	struct stagger_consumer_options o = STAGGER_CONSUMER_OPTIONS_INIT;

	o.group = "billing";
	o.log = hush;
	return stagger_consumer_open(&d->consumer, NULL, &o, err);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static void files(struct desk *d)
{
	(void)d;
	write_file("io-secret", "letmein\n");
	write_file("io-chain.yaml", "kafka: {bootstrap.servers: b, sasl.password: "
				    "\"${file:io-secret}\"}\n"
				    "group: billing\n"
				    "chains: {orders: {}}\n");
}

static enum stagger_status open_file(struct desk *d, struct stagger_error *err)
{
	return stagger_consumer_open(&d->consumer, "io-chain.yaml", NULL, err);
}

static void nothing(struct desk *d)
{
	(void)d;
}

static enum stagger_verdict done(const struct stagger_message *m, struct stagger_failure *why,
				 void *user)
{
	(void)m;
	(void)why;
	(void)user;
	return STAGGER_DONE;
}

/* With a broker of its own behind a fixed port: sockets, descriptors, five threads. */
static void startable(struct desk *d)
{
	struct stagger_chain_options o = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_error err;
	char port[8];

	must(open_in_c(d, &err), &err);
	snprintf(port, sizeof(port), "%d", port_free());
	o.workers = 3;
	must(stagger_consumer_set(d->consumer, "bootstrap.servers", "embedded", &err), &err);
	must(stagger_consumer_set(d->consumer, "embedded.port", port, &err), &err);
	must(stagger_chain_new(&d->chain, "orders", &o, &err), &err);
	must(stagger_consumer_add(d->consumer, &d->chain, &err), &err);
	must(stagger_consumer_on(d->consumer, NULL, done, NULL, &err), &err);
}

static enum stagger_status start(struct desk *d, struct stagger_error *err)
{
	int fd = -1;

	return stagger_consumer_start(d->consumer, &fd, err);
}

/* -- each call fails once ---------------------------------------------------------------- */

struct row {
	const char *name;
	void (*set_up)(struct desk *d);
	enum stagger_status (*make)(struct desk *d, struct stagger_error *err);
	bool once; /* what has failed is not called again, only freed */
	long n_least;
};

static void must_tell(const struct row *row, enum stagger_status status,
		      const struct stagger_error *err)
{
	int code;
	const char *failed = syscalls_failed(&code);

	if (failed == NULL)
		fail_msg("%s: %s", row->name, err->text);
	if ((status != STAGGER_INVALID && status != STAGGER_NO_MEMORY) || err->status != status ||
	    strstr(err->text, strerror(code)) == NULL)
		fail_msg("%s: %s fails: %s: %s", row->name, failed, stagger_status_name(status),
			 err->text);
	print_message("%s: %s fails: %s\n", row->name, failed, err->text);
}

/* How it ends, as in wave.h. */
static int fail_once(const struct row *row, long n)
{
	struct desk d = {0};
	struct stagger_error err;
	int code;
	size_t n_files = open_files(), live = heap_live();

	row->set_up(&d);
	heap_arm(0);
	syscalls_arm(n);
	enum stagger_status status = row->make(&d, &err);
	syscalls_disarm();
	heap_disarm();
	bool failed = syscalls_failed(&code) != NULL;
	if (status != STAGGER_OK) {
		must_tell(row, status, &err);
		if (!row->once)
			must(row->make(&d, &err), &err);
	}
	stagger_consumer_free(&d.consumer);
	if (heap_leak() != NULL)
		fail_msg("%s, call %ld: leaks %s", row->name, n, heap_leak());
	assert_int_equal(heap_live(), live);
	assert_int_equal(open_files(), n_files);
	if (!failed)
		return NOT_REACHED;
	return status == STAGGER_OK ? WENT_ON : REFUSED;
}

static void io__of_public_calls(void **state)
{
	static const struct row rows[] = {
		{"open", nothing, open_in_c, false, 5},
		{"open a file", files, open_file, false, 12},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		long n = 1;
		while (fail_once(&rows[i], n) != NOT_REACHED)
			assert_true(++n < N_MAX);
		print_message("%s: %ld system calls\n", rows[i].name, n - 1);
		assert_true(n - 1 >= rows[i].n_least);
	}
	assert_int_equal(unlink("io-secret"), 0);
	assert_int_equal(unlink("io-chain.yaml"), 0);
}

static int start_story(long n)
{
	static const struct row row = {"start", startable, start, true, 0};

	return fail_once(&row, n);
}

static void io__of_a_start(void **state)
{
	struct wave w = wave_all("start");

	(void)state;
	assert_true(w.refused >= 6);
	assert_true(w.went_on > 0); // a seed by getrandom()
}

/* -- in crumbs, and interrupted ---------------------------------------------------------- */

static void io__a_file_is_read_in_crumbs(void **state)
{
	struct desk d = {0};
	struct stagger_error err;

	(void)state;
	files(&d);
	syscalls_crumble(true);
	enum stagger_status status = open_file(&d, &err);
	syscalls_crumble(false);
	must(status, &err);
	stagger_consumer_free(&d.consumer);
	assert_int_equal(unlink("io-secret"), 0);
	assert_int_equal(unlink("io-chain.yaml"), 0);
}

/* Standard error is what `path` opens, meanwhile. */
static void log_to(const char *path, bool in_crumbs)
{
	struct log_options o = {.level = STAGGER_LOG_INFO};
	struct log *log = NULL;
	int before = dup(STDERR_FILENO);
	int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

	must(log_new(&log, &o, NULL), NULL);
	if (path != NULL)
		assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	else
		close(STDERR_FILENO);
	syscalls_crumble(in_crumbs);
	log_info(log, "a line of '%s'", "several words");
	syscalls_crumble(false);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	close(before);
	if (fd >= 0)
		close(fd);
	log_free(&log);
}

static void io__a_log_line_is_whole_or_not_there(void **state)
{
	static const char expected[] = "level=info msg=\"a line of 'several words'\"\n";
	char line[256];

	(void)state;
	log_to("io-log", true);
	FILE *file = fopen("io-log", "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_int_equal(unlink("io-log"), 0);
	assert_non_null(strstr(line, expected));
	log_to("/dev/full", false); // and it does not wait for room
	log_to(NULL, false);
}

/* -- a port without descriptors ---------------------------------------------------------- */

static bool readable(int fd, int wait_ms)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};

	return poll(&polled, 1, wait_ms) == 1;
}

static int64_t spent_us(void)
{
	struct timespec at;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at), 0);
	return at.tv_sec * INT64_C(1000000) + at.tv_nsec / 1000;
}

/* It must not spin while a connection waits that it cannot take, and take it later. */
static void io__a_port_waits_for_a_descriptor(void **state)
{
	struct forward *f = NULL;
	int to, port = port_free();
	struct sockaddr_in at = port_address(port);
	int broker = listening(&to);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n_files = open_files();

	(void)state;
	must(forward_new(&f, port, NULL), NULL);
	must(forward_begin(f, to, NULL), NULL);
	syscalls_refuse_accept(true);
	int64_t before_us = spent_us();
	assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_false(readable(broker, 500));
	assert_true(spent_us() - before_us < 100000);
	assert_in_range(syscalls_accepts(), 1, 20);
	syscalls_refuse_accept(false);
	assert_true(readable(broker, WAIT_MS));
	forward_free(&f);
	assert_int_equal(open_files(), n_files);
	close(client);
	close(broker);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(io__of_public_calls),
		cmocka_unit_test(io__of_a_start),
		cmocka_unit_test(io__a_file_is_read_in_crumbs),
		cmocka_unit_test(io__a_log_line_is_whole_or_not_there),
		cmocka_unit_test(io__a_port_waits_for_a_descriptor),
	};

	if (argc == 3)
		return wave_story(start_story, argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
