/* SPDX-License-Identifier: Apache-2.0
 *
 * DltHeaders BROKERS N TOPIC=FAMILY...: waits for N dead letters of each topic, compares the
 * headers of each with those that the family's own writer makes of the original record, byte for
 * byte; only the error's class, message and trace are ours, there being no Java exception. Then the
 * family's readers read them. The first difference ends it with exit code 1. */
import java.io.InputStream;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter;
import org.apache.kafka.connect.runtime.errors.ProcessingContext;
import org.apache.kafka.connect.runtime.errors.Stage;
import org.apache.kafka.connect.util.ConnectorTaskId;
import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.FieldVisitor;
import org.springframework.asm.SpringAsmInfo;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.converter.MessagingMessageConverter;
import org.springframework.messaging.Message;
import org.springframework.messaging.MessageHeaders;
import org.springframework.objenesis.SpringObjenesis;

public class DltHeaders {
	static final Duration LIMIT = Duration.ofSeconds(120);
	static final String CHAIN = "scripted"; // of the scripted worker
	static final String KAFKAS_WRITER = "/org/apache/kafka/server/share/dlq/"
		+ "ShareGroupDLQStateManager$ProduceRequestHandler.class";
	static final String KAFKAS_NAMES = "HEADER_DLQ_ERRORS_";

	static KafkaConsumer<byte[], byte[]> consumer;
	static String group;

	// -- what a message says about itself ----------------------------------------------------

	/* A main record that becomes a dead letter: its value is "id=r1;script=R;class=Timeout;...". */
	static class Original {
		final ConsumerRecord<byte[], byte[]> record;
		final Map<String, String> says = new TreeMap<>();

		Original(ConsumerRecord<byte[], byte[]> record) {
			this.record = record;
			for (String part : text(record.value()).split(";"))
				says.put(part.split("=", 2)[0], part.split("=", 2)[1]);
		}

		String errorClass() {
			return says.get("class");
		}

		String detail() {
			return says.getOrDefault("detail", "");
		}

		String message() {
			return "attempt " + says.get("attempts") + " of id " + says.get("id");
		}

		Exception exception() {
			return new IllegalStateException(message());
		}

		/* Without headers: these are copied by other rules. */
		ConsumerRecord<byte[], byte[]> bare() {
			ConsumerRecord<byte[], byte[]> r = record;
			return new ConsumerRecord<>(r.topic(), r.partition(), r.offset(), r.timestamp(),
				r.timestampType(), 1, 1, r.key(), r.value(),
				new RecordHeaders(), r.leaderEpoch());
		}
	}

	// -- bytes and failures ------------------------------------------------------------------

	static String text(byte[] bytes) {
		return new String(bytes, StandardCharsets.UTF_8);
	}

	static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	static String shown(byte[] bytes) {
		boolean isText = text(bytes).chars().noneMatch(c -> c < ' ' || c > '~');
		return isText ? "'" + text(bytes) + "'" : HexFormat.of().formatHex(bytes);
	}

	static RuntimeException differs(String what) {
		return new IllegalStateException(what);
	}

	static void expect(boolean is, String what) {
		if (!is)
			throw differs(what);
	}

	static Map<String, byte[]> mapOf(Headers headers) {
		Map<String, byte[]> map = new TreeMap<>();
		for (Header header : headers)
			expect(map.put(header.key(), header.value()) == null, header.key() + " twice");
		return map;
	}

	// -- writers -----------------------------------------------------------------------------

	/* The names of Kafka's broker, which writes them for share groups; all values are text. They
	 * are read out of the class file: the class loads in a broker of its version only. */
	static Map<String, byte[]> writtenByKafka(Original o) throws Exception {
		Map<String, String> values = Map.of("TOPIC", o.record.topic(),
			"PARTITION", Integer.toString(o.record.partition()),
			"OFFSET", Long.toString(o.record.offset()), "GROUP", group,
			"DELIVERY_COUNT", Short.toString(Short.parseShort(o.says.get("attempts"))),
			"MESSAGE", o.message());
		Map<String, byte[]> map = new TreeMap<>();
		ClassVisitor visitor = new ClassVisitor(SpringAsmInfo.ASM_VERSION) {
			@Override
			public FieldVisitor visitField(int access, String name, String type, String generic,
					Object value) {
				if (name.startsWith(KAFKAS_NAMES))
					map.put((String) value,
						bytes(values.get(name.substring(KAFKAS_NAMES.length()))));
				return null;
			}
		};
		try (InputStream file = DltHeaders.class.getResourceAsStream(KAFKAS_WRITER)) {
			new ClassReader(file).accept(visitor, 0);
		}
		expect(map.size() == values.size(), "Kafka has other headers than " + values.keySet());
		return map;
	}

	/* Connect's reporter, without the worker it needs to be constructed. */
	static Map<String, byte[]> writtenByConnect(Original o) throws Exception {
		Object reporter = new SpringObjenesis().newInstance(DeadLetterQueueReporter.class, false);
		Field id = DeadLetterQueueReporter.class.getDeclaredField("connectorTaskId");
		id.setAccessible(true);
		id.set(reporter, new ConnectorTaskId(group, 0));
		ProcessingContext<ConsumerRecord<byte[], byte[]>> context =
			new ProcessingContext<>(o.bare());
		context.currentContext(Stage.TASK_PUT, DltHeaders.class);
		context.error(o.exception());
		Method populate = DeadLetterQueueReporter.class.getDeclaredMethod(
			"populateContextHeaders", ProducerRecord.class, ProcessingContext.class);
		populate.setAccessible(true);
		ProducerRecord<byte[], byte[]> out = new ProducerRecord<>("dlt", null);
		populate.invoke(reporter, out, context);
		Map<String, byte[]> map = mapOf(out.headers());
		ours(map, DeadLetterQueueReporter.ERROR_HEADER_EXECUTING_CLASS, CHAIN);
		ours(map, DeadLetterQueueReporter.ERROR_HEADER_EXCEPTION, o.errorClass());
		ours(map, DeadLetterQueueReporter.ERROR_HEADER_EXCEPTION_STACK_TRACE, o.detail());
		return map;
	}

	/* Spring's recoverer, stopped where it would produce. */
	static class Recoverer extends DeadLetterPublishingRecoverer {
		Headers headers;

		Recoverer() {
			super(new KafkaTemplate<>(new DefaultKafkaProducerFactory<>(Map.of())),
				(record, e) -> new TopicPartition("dlt", 0));
			setVerifyPartition(false);
		}

		@Override
		protected ProducerRecord<Object, Object> createProducerRecord(ConsumerRecord<?, ?> from,
				TopicPartition to, Headers made, byte[] key, byte[] value) {
			headers = made;
			return super.createProducerRecord(from, to, made, key, value);
		}

		@Override
		protected void send(ProducerRecord<Object, Object> out, KafkaOperations<Object, Object> by,
				ConsumerRecord<?, ?> from) {
		}
	}

	static Map<String, byte[]> writtenBySpring(Original o) {
		Recoverer recoverer = new Recoverer();
		recoverer.accept(o.bare(), null,
			new ListenerExecutionFailedException("Listener failed", group, o.exception()));
		Map<String, byte[]> map = mapOf(recoverer.headers);
		ours(map, KafkaHeaders.DLT_EXCEPTION_FQCN, o.errorClass());
		ours(map, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN, o.errorClass());
		ours(map, KafkaHeaders.DLT_EXCEPTION_MESSAGE, o.message());
		ours(map, KafkaHeaders.DLT_EXCEPTION_STACKTRACE, o.detail());
		return map;
	}

	/* What only the application knows; the family's writer must have that name, too. */
	static void ours(Map<String, byte[]> map, String name, String value) {
		expect(map.put(name, bytes(value)) != null, "the family's writer has no " + name);
	}

	// -- readers -----------------------------------------------------------------------------

	static void readByConnect(ConsumerRecord<byte[], byte[]> dead, Original o) {
		String stage = text(dead.headers().lastHeader(
			DeadLetterQueueReporter.ERROR_HEADER_STAGE).value());
		expect(Stage.valueOf(stage) == Stage.TASK_PUT, "stage " + stage);
	}

	/* A listener's converter, and a recoverer that meets the dead letter again: it keeps what is
	 * there about the original. */
	static void readBySpring(ConsumerRecord<byte[], byte[]> dead, Original o) {
		Message<?> message = new MessagingMessageConverter().toMessage(dead, null, null,
			byte[].class);
		MessageHeaders headers = message.getHeaders();
		long offset = ByteBuffer.wrap(
			headers.get(KafkaHeaders.DLT_ORIGINAL_OFFSET, byte[].class)).getLong();
		int partition = ByteBuffer.wrap(
			headers.get(KafkaHeaders.DLT_ORIGINAL_PARTITION, byte[].class)).getInt();
		long timestamp = ByteBuffer.wrap(
			headers.get(KafkaHeaders.DLT_ORIGINAL_TIMESTAMP, byte[].class)).getLong();
		expect(offset == o.record.offset() && partition == o.record.partition()
			&& timestamp == o.record.timestamp(), "Spring reads " + partition + "/" + offset);

		Recoverer again = new Recoverer();
		again.setAppendOriginalHeaders(false);
		again.accept(dead, null,
			new ListenerExecutionFailedException("Again", "another", o.exception()));
		Map<String, byte[]> map = mapOf(again.headers);
		for (Header header : dead.headers())
			if (header.key().startsWith("kafka_dlt-original-"))
				expect(Arrays.equals(header.value(), map.get(header.key())),
					"Spring does not keep " + header.key());
	}

	// -- the whole ---------------------------------------------------------------------------

	static void check(String family, ConsumerRecord<byte[], byte[]> dead, Original o)
			throws Exception {
		Map<String, byte[]> expected = switch (family) {
		case "kafka" -> writtenByKafka(o);
		case "connect" -> writtenByConnect(o);
		case "spring" -> writtenBySpring(o);
		default -> new TreeMap<>();
		};
		expected.put("traceparent", o.record.headers().lastHeader("traceparent").value());
		Map<String, byte[]> read = mapOf(dead.headers());
		expect(read.keySet().equals(expected.keySet()),
			read.keySet() + " where " + family + " has " + expected.keySet());
		for (Map.Entry<String, byte[]> entry : expected.entrySet())
			expect(Arrays.equals(entry.getValue(), read.get(entry.getKey())),
				entry.getKey() + " is " + shown(read.get(entry.getKey())) + ", not "
				+ shown(entry.getValue()));
		if (family.equals("connect"))
			readByConnect(dead, o);
		if (family.equals("spring"))
			readBySpring(dead, o);
	}

	/* The records of a topic that are dead letters or become some; fails without n of them. */
	static List<ConsumerRecord<byte[], byte[]>> read(String topic, int n) {
		List<TopicPartition> partitions = new ArrayList<>();
		List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
		long ends = System.nanoTime() + LIMIT.toNanos();
		for (int i = 0; i < consumer.partitionsFor(topic).size(); i++)
			partitions.add(new TopicPartition(topic, i));
		consumer.assign(partitions);
		consumer.seekToBeginning(partitions);
		while (records.size() < n) {
			expect(System.nanoTime() < ends, topic + " has " + records.size() + ", not " + n);
			for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200)))
				if (!text(record.value()).startsWith("id=0"))
					records.add(record);
		}
		expect(records.size() == n, topic + " has " + records.size() + ", not " + n);
		return records;
	}

	/* By the id in the original value, which the envelope holds as it was. */
	static Original originOf(List<Original> originals, ConsumerRecord<byte[], byte[]> dead) {
		for (Original o : originals)
			if (text(dead.value()).contains("id=" + o.says.get("id") + ";"))
				return o;
		throw differs("a dead letter of nothing: " + text(dead.value()));
	}

	public static void main(String[] args) throws Exception {
		System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
		consumer = new KafkaConsumer<>(Map.of("bootstrap.servers", args[0]),
			new ByteArrayDeserializer(), new ByteArrayDeserializer());
		int n = Integer.parseInt(args[1]);
		for (String arg : Arrays.asList(args).subList(2, args.length)) {
			String topic = arg.split("=")[0];
			group = topic + "-readers";
			String family = arg.split("=")[1];
			List<Original> originals = new ArrayList<>();
			for (ConsumerRecord<byte[], byte[]> record : read(topic, n))
				originals.add(new Original(record));
			for (ConsumerRecord<byte[], byte[]> dead : read(topic + "." + group + ".dlt", n))
				check(family, dead, originOf(originals, dead));
			System.out.println(topic + ": " + n + " dead letters as " + family + " has them");
		}
		consumer.close();
	}
}
