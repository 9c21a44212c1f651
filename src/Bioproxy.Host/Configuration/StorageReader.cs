namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>storage</c>: name → the paths under which one place is reached, so that snapshots of one server are restored by
/// another.</summary>
internal static class StorageReader
{
    private const string Key = "storage";

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, "an object, e.g. { \"nas\": [\"/srv/slots\", \"/mnt/slots\"] }");
            return options;
        }

        var storage = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, folders) in value.Members)
        {
            if (folders.Kind != ConfigurationValueKind.Array)
            {
                reading.Reject($"{Key}.{name}", folders, "an array of folders, e.g. [\"/srv/slots\", \"/mnt/slots\"]");
                continue;
            }

            foreach (var (index, folder) in folders.Members.Index())
            {
                var key = $"{Key}.{name}[{index}]";
                if (FolderReader.Read(key, folder.Value, mustExist: false, "", reading) is { } path && !storage.TryAdd(path, name))
                    reading.Reject(key, folder.Value, $"a folder that is in no other storage; this one is in {storage[path]}");
            }
        }

        return options with { Storage = storage };
    }
}
