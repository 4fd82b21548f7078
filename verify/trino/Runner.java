import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.core.JsonGenerator;
import io.trino.Session;
import io.trino.client.*;
import io.trino.plugin.memory.MemoryPlugin;
import io.trino.spi.type.TimeZoneKey;
import io.trino.testing.StandaloneQueryRunner;
import okhttp3.OkHttpClient;

import java.io.*;
import java.math.BigDecimal;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.ZoneId;
import java.util.*;

import static io.trino.testing.TestingSession.testSessionBuilder;

/** An embedded Trino: a line {"sql": ...} on standard input gives a line of columns and rows, or an error, on standard output. */
public final class Runner
{
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(JsonGenerator.Feature.WRITE_BIGDECIMAL_AS_PLAIN).build();
    private static OkHttpClient http;
    private static ClientSession session;

    public static void main(String[] args) throws Exception
    {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        System.setOut(System.err);

        Session defaults = testSessionBuilder()
                .setCatalog("memory").setSchema("default")
                .setTimeZoneKey(TimeZoneKey.UTC_KEY).build();
        StandaloneQueryRunner runner = new StandaloneQueryRunner(defaults);
        runner.installPlugin(new MemoryPlugin());
        runner.createCatalog("memory", "memory", Map.of("memory.max-data-per-node", "512MB"));
        URI base = runner.getServer().getBaseUrl();
        http = new OkHttpClient.Builder().readTimeout(Duration.ofSeconds(120)).build();
        session = ClientSession.builder().server(base).user(Optional.of("athena")).source("runner")
                .catalog("memory").schema("default").timeZone(ZoneId.of("UTC")).locale(Locale.ENGLISH)
                .clientRequestTimeout(new io.airlift.units.Duration(120, java.util.concurrent.TimeUnit.SECONDS))
                .compressionDisabled(true).build();
        one("{\"sql\":\"CREATE SCHEMA IF NOT EXISTS memory.default\"}");
        one("{\"sql\":\"SELECT 1\"}");

        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line; (line = in.readLine()) != null; ) {
            if (!line.isBlank()) {
                out.print(one(line) + "\n");
                out.flush();
            }
        }
        System.exit(0);
    }

    private static String one(String line)
    {
        Map<String, Object> r = new LinkedHashMap<>();
        try {
            JsonNode n = JSON.readTree(line);
            JsonNode s = n.get("sql");
            if (s == null || !s.isTextual()) {
                r.put("error", "input needs a text member \"sql\"");
            }
            else {
                String sql = s.textValue().strip();
                while (sql.endsWith(";")) {
                    sql = sql.substring(0, sql.length() - 1).stripTrailing();
                }
                run(sql, r);
            }
        }
        catch (Throwable t) {
            r.clear();
            r.put("error", String.valueOf(t));
        }
        try {
            return JSON.writeValueAsString(r);
        }
        catch (IOException e) {
            return "{\"error\":\"cannot write the result\"}";
        }
    }

    private static void run(String sql, Map<String, Object> r)
    {
        List<List<Object>> rows = new ArrayList<>();
        List<Column> columns = null;
        try (StatementClient c = StatementClientFactory.newStatementClient(http, session, sql, Optional.empty())) {
            while (c.isRunning()) {
                QueryStatusInfo info = c.currentStatusInfo();
                if (info.getColumns() != null) {
                    columns = info.getColumns();
                }
                if (c.currentData().getData() != null) {
                    for (List<Object> row : c.currentData().getData()) {
                        List<Object> o = new ArrayList<>(row.size());
                        for (int i = 0; i < row.size(); i++) {
                            o.add(convert(columns.get(i).getTypeSignature(), row.get(i)));
                        }
                        rows.add(o);
                    }
                }
                c.advance();
            }
            QueryStatusInfo end = c.finalStatusInfo();
            if (end.getError() != null) {
                QueryError e = end.getError();
                r.put("error", e.getErrorName() + ": " + e.getMessage());
                r.put("errorName", e.getErrorName());
                return;
            }
            if (columns == null) {
                columns = end.getColumns();
            }
            List<Map<String, String>> cols = new ArrayList<>();
            if (columns != null) {
                for (Column col : columns) {
                    Map<String, String> m = new LinkedHashMap<>();
                    m.put("name", col.getName());
                    m.put("type", col.getType());
                    cols.add(m);
                }
            }
            r.put("columns", cols);
            r.put("rows", rows);
            if (end.getUpdateType() != null) {
                r.put("updateType", end.getUpdateType());
            }
            if (end.getUpdateCount() != null) {
                r.put("updateCount", end.getUpdateCount());
            }
        }
    }

    private static Object convert(ClientTypeSignature t, Object v)
    {
        if (v == null) {
            return null;
        }
        switch (t.getRawType()) {
            case "array": {
                List<Object> o = new ArrayList<>();
                for (Object e : (List<?>) v) {
                    o.add(convert(t.getArgumentsAsTypeSignatures().get(0), e));
                }
                return o;
            }
            case "map": {
                Map<String, Object> o = new LinkedHashMap<>();
                List<ClientTypeSignature> kv = t.getArgumentsAsTypeSignatures();
                for (Map.Entry<?, ?> e : ((Map<?, ?>) v).entrySet()) {
                    o.put(String.valueOf(convert(kv.get(0), e.getKey())), convert(kv.get(1), e.getValue()));
                }
                return o;
            }
            case "row": {
                Map<String, Object> o = new LinkedHashMap<>();
                List<RowField> f = ((Row) v).getFields();
                for (int i = 0; i < f.size(); i++) {
                    NamedClientTypeSignature n = t.getArguments().get(i).getNamedTypeSignature();
                    o.put(n.getName().orElse("field" + i), convert(n.getTypeSignature(), f.get(i).getValue()));
                }
                return o;
            }
            case "decimal":
                return new BigDecimal(v.toString());
            case "double":
            case "real":
                if (v instanceof Number n && !Double.isFinite(n.doubleValue())) {
                    return v.toString();
                }
                return v;
            case "timestamp":
                return v.toString().replaceFirst(" ", "T");
            case "timestamp with time zone": {
                // "2023-07-10 12:16:24.000 UTC" -> "2023-07-10T12:16:24.000Z"; other zones keep their name in brackets
                String[] p = v.toString().split(" ", 3);
                String zone = p[2];
                return p[0] + "T" + p[1] + (zone.equals("UTC") || zone.equals("Z") ? "Z"
                        : zone.matches("[+-].*") ? zone : "[" + zone + "]");
            }
            case "varbinary":
                return v instanceof byte[] b ? Base64.getEncoder().encodeToString(b) : v;
            default:
                return v instanceof Number || v instanceof Boolean || v instanceof String ? v : v.toString();
        }
    }
}
