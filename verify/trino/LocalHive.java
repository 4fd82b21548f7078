import com.google.inject.Module;
import io.trino.filesystem.local.LocalFileSystemFactory;
import io.trino.plugin.hive.InternalHiveConnectorFactory;
import io.trino.spi.Plugin;
import io.trino.spi.connector.Connector;
import io.trino.spi.connector.ConnectorContext;
import io.trino.spi.connector.ConnectorFactory;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Trino's Hive connector over a local folder, the setting `root`: `local:///a` is the file or folder `a` there. The plain
 * connector wants Hadoop's libraries for that, of which this version has none on Maven Central.
 */
public final class LocalHive
        implements Plugin, ConnectorFactory
{
    @Override
    public Iterable<ConnectorFactory> getConnectorFactories()
    {
        return List.of(this);
    }

    @Override
    public String getName()
    {
        return "hive";
    }

    @Override
    public Connector create(String catalog, Map<String, String> settings, ConnectorContext context)
    {
        Map<String, String> others = new HashMap<>(settings);
        Path root = Path.of(others.remove("root"));
        Module none = binder -> {};
        return InternalHiveConnectorFactory.createConnector(
                catalog, others, context, none, Optional.empty(), Optional.of(new LocalFileSystemFactory(root)), Optional.empty());
    }
}
