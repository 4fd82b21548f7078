import com.google.inject.Key;
import io.trino.metadata.HandleResolver;
import io.trino.plugin.memory.MemoryPlugin;
import io.trino.server.PluginClassLoader;
import io.trino.server.PluginManager;
import io.trino.server.testing.TestingTrinoServer;
import io.trino.spi.Plugin;
import io.trino.spi.classloader.ThreadContextClassLoader;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A Trino on a port of the loopback interface. Its address is the one line on standard output; it ends with standard input.
 * Arguments: the folder of its data, the folder with the Hive connector's jars, that with the class LocalHive, and how many
 * catalogs of each kind to make: hive0, hive1, … over the folders of these names in the data, and memory0, memory1, ….
 */
public final class Server
{
    private Server() {}

    public static void main(String[] args)
            throws Exception
    {
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8);
        System.setOut(System.err);
        watchStandardInput();
        try {
            out.println(start(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]), Integer.parseInt(args[3])));
            out.flush();
        }
        catch (Throwable fault) {
            fault.printStackTrace();
            System.exit(1);
        }
    }

    private static String start(Path data, Path plugin, Path own, int catalogs)
            throws Exception
    {
        TestingTrinoServer server = TestingTrinoServer.builder()
                .setCoordinator(true)
                .setBaseDataDir(Optional.of(data.resolve("server")))
                .build();
        server.installPlugin(new MemoryPlugin());
        installHive(server, plugin, own);
        for (int i = 0; i < catalogs; i++) {
            Path folder = Files.createDirectories(data.resolve("hive" + i));
            server.createCatalog("hive" + i, "hive", Map.of(
                    "root", folder.toString(),
                    // Small blocks: a small table has several, as a large one has.
                    "parquet.writer.block-size", "512kB",
                    "hive.collect-column-statistics-on-write", "false",
                    "hive.metastore", "file",
                    "hive.metastore.catalog.dir", "local:///metastore",
                    "hive.partition-projection-enabled", "true",
                    // A day without events has no folder, as in S3.
                    "hive.ignore-absent-partitions", "true",
                    // The file metastore has none of projected partitions, and fails.
                    "hive.table-statistics-enabled", "false",
                    "hive.security", "allow-all"));
            server.createCatalog("memory" + i, "memory", Map.of("memory.max-data-per-node", "256MB"));
        }
        return server.getBaseUrl().toString();
    }

    /** As PluginManager does with a folder of plugins, which a testing server does not read. */
    private static void installHive(TestingTrinoServer server, Path plugin, Path own)
            throws Exception
    {
        List<URL> jars = new ArrayList<>();
        try (var files = Files.list(plugin)) {
            for (Path jar : files.filter(path -> path.toString().endsWith(".jar")).sorted().toList()) {
                jars.add(jar.toUri().toURL());
            }
        }
        jars.add(own.toUri().toURL());
        PluginClassLoader loader = PluginManager.createClassLoader("hive", jars);
        server.getInstance(Key.get(HandleResolver.class)).registerClassLoader(loader);
        try (var ignored = new ThreadContextClassLoader(loader)) {
            server.installPlugin((Plugin) loader.loadClass("LocalHive").getConstructor().newInstance());
        }
    }

    /** The server must not outlive whoever started it. */
    private static void watchStandardInput()
    {
        Thread watch = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // What comes is of no interest, only that it ends.
                }
            }
            catch (Exception ignored) {
                // As good as the end.
            }
            Runtime.getRuntime().halt(0);
        });
        watch.setDaemon(true);
        watch.start();
    }
}
