import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/** The join on Kafka Streams: one thread, its state in RocksDB with a changelog. See join.py for the arguments. */
public class App {
  static final String SUBMITTED = "prefect.worker.submitted-flow-run";
  static final String EXECUTED = "prefect.worker.executed-flow-run";
  static final String OURS = "prefect.worker.";

  static final ObjectMapper MAPPER = new ObjectMapper();
  static final ObjectReader READER = MAPPER.readerFor(Event.class);
  static final ObjectWriter WRITER = MAPPER.writerFor(Pair.class);

  /** What is read of an event; all else is skipped. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public static class Event {
    public String event, id, occurred, follows;
  }

  /** What is published of a start and its end. */
  public record Pair(
      @JsonProperty("flow_run_id") String run,
      @JsonProperty("started_id") String startedId,
      @JsonProperty("ended_id") String endedId,
      @JsonProperty("started") String started,
      @JsonProperty("ended") String ended,
      @JsonProperty("duration_seconds") double seconds) {}

  static class Join implements Processor<byte[], byte[], byte[], byte[]> {
    private ProcessorContext<byte[], byte[]> context;
    private KeyValueStore<String, String> open;

    @Override
    public void init(ProcessorContext<byte[], byte[]> given) {
      context = given;
      open = given.getStateStore("open");
    }

    @Override
    public void process(Record<byte[], byte[]> message) {
      // One byte a character: what the JVM searches fastest.
      if (!new String(message.value(), StandardCharsets.ISO_8859_1).contains(OURS)) return;
      try {
        Event event = READER.readValue(message.value());
        if (SUBMITTED.equals(event.event)) {
          open.put(text(message.key()), event.id + "|" + event.occurred);
        } else if (EXECUTED.equals(event.event)) {
          String run = text(message.key());
          String start = open.get(run);
          int bar = start == null ? 0 : start.indexOf('|');
          if (start == null || !start.substring(0, bar).equals(event.follows)) return;
          open.delete(run);
          Pair pair = pair(run, start.substring(0, bar), start.substring(bar + 1), event);
          context.forward(message.withValue(WRITER.writeValueAsBytes(pair)));
        }
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }

    private static Pair pair(String run, String id, String began, Event end) {
      Duration span = Duration.between(OffsetDateTime.parse(began), OffsetDateTime.parse(end.occurred));
      return new Pair(run, id, end.id, began, end.occurred, span.toNanos() / 1e9);
    }

    private static String text(byte[] key) {
      return new String(key, StandardCharsets.UTF_8);
    }
  }

  public static void main(String[] told) throws InterruptedException {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, told[0]);
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, told[1]);
    settings.put(StreamsConfig.STATE_DIR_CONFIG, told[4]);
    settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    if (told[5].equals("exactly-once")) {
      settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
      settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
    }
    KafkaStreams streams = new KafkaStreams(topology(told[2], told[3]), settings);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
    streams.start();
    Thread.currentThread().join();
  }

  private static Topology topology(String input, String output) {
    var bytes = Serdes.ByteArray();
    var store =
        Stores.keyValueStoreBuilder(Stores.persistentKeyValueStore("open"), Serdes.String(), Serdes.String())
            .withLoggingEnabled(Map.of());
    return new Topology()
        .addSource("input", bytes.deserializer(), bytes.deserializer(), input)
        .addProcessor("join", Join::new, "input")
        .addStateStore(store, "join")
        .addSink("output", output, bytes.serializer(), bytes.serializer(), "join");
  }
}
