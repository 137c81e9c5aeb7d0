/* SPDX-License-Identifier: Apache-2.0
 *
 * Four threads, one SQLite connection each: worker_start opens it on the thread that will use it,
 * worker_stop closes it. A message may come twice (at-least-once), so its id is the table's key and
 * the second insert does nothing: an idempotent handler.
 *   03-thread-local-db [BROKERS [FILE]]      default: localhost:9092 orders.db */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>
#include <stagger/stagger.h>

#define SCHEMA                                                                                     \
	"PRAGMA journal_mode = WAL;"                                                               \
	"CREATE TABLE IF NOT EXISTS orders (id TEXT PRIMARY KEY, body BLOB)"
#define INSERT "INSERT OR IGNORE INTO orders VALUES (?, ?)"

struct database {
	sqlite3 *connection;
	sqlite3_stmt *insert;
};

static void database_close(void *local, void *user)
{
	struct database *db = local;

	(void)user;
	sqlite3_finalize(db->insert);
	sqlite3_close(db->connection);
	free(db);
}

/* The worker_start hook: what it returns is the thread's own. NULL makes run() fail. */
static void *database_open(const char *chain, int32_t worker, void *file)
{
	struct database *db = calloc(1, sizeof(*db));

	if (db == NULL)
		return NULL;
	if (sqlite3_open(file, &db->connection) != SQLITE_OK ||
	    sqlite3_busy_timeout(db->connection, 1000) != SQLITE_OK ||
	    sqlite3_prepare_v2(db->connection, INSERT, -1, &db->insert, NULL) != SQLITE_OK) {
		warnx("worker %d of '%s': %s", worker, chain, sqlite3_errmsg(db->connection));
		database_close(db, NULL);
		return NULL;
	}
	return db;
}

static enum stagger_verdict store(const struct stagger_message *m, struct stagger_failure *why,
				  void *user)
{
	struct database *db = stagger_message_local(m);
	char id[512];

	(void)user;
	stagger_message_id(m, id, sizeof(id)); /* the same in every stage and after a replay */
	sqlite3_bind_text(db->insert, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob64(db->insert, 2, m->value.data, m->value.size, SQLITE_STATIC);
	int code = sqlite3_step(db->insert);
	sqlite3_reset(db->insert);
	if (code != SQLITE_DONE)
		return stagger_retry(why, "Database", "%s", sqlite3_errmsg(db->connection));
	printf("%s %s\n", id, sqlite3_changes(db->connection) == 1 ? "stored" : "was there");
	return STAGGER_DONE;
}

static void make_table(const char *file)
{
	sqlite3 *connection;

	if (sqlite3_open(file, &connection) != SQLITE_OK ||
	    sqlite3_exec(connection, SCHEMA, NULL, NULL, NULL) != SQLITE_OK)
		errx(1, "%s: %s", file, sqlite3_errmsg(connection));
	sqlite3_close(connection);
}

int main(int argc, char **argv)
{
	static char default_file[] = "orders.db";
	const char *brokers = argc > 1 ? argv[1] : "localhost:9092";
	char *file = argc > 2 ? argv[2] : default_file;
	struct stagger_consumer_options options = STAGGER_CONSUMER_OPTIONS_INIT;
	struct stagger_chain_options four = STAGGER_CHAIN_OPTIONS_INIT;
	struct stagger_consumer *consumer = NULL;
	struct stagger_chain *orders = NULL;
	struct stagger_error error;

	setvbuf(stdout, NULL, _IOLBF, 0);
	make_table(file);
	options.group = "archive";
	options.worker_start = database_open;
	options.worker_stop = database_close;
	options.user = file;
	four.workers = 4;
	four.order = STAGGER_ORDER_KEY;
	if (stagger_consumer_open(&consumer, NULL, &options, &error) != STAGGER_OK ||
	    stagger_consumer_set(consumer, "bootstrap.servers", brokers, &error) != STAGGER_OK ||
	    stagger_chain_new(&orders, "orders", &four, &error) != STAGGER_OK ||
	    stagger_consumer_add(consumer, &orders, &error) != STAGGER_OK ||
	    stagger_consumer_on(consumer, "orders", store, NULL, &error) != STAGGER_OK ||
	    stagger_consumer_run_until_signal(consumer, &error) != STAGGER_OK)
		errx(1, "%s", error.text);
	stagger_consumer_free(&consumer);
}
