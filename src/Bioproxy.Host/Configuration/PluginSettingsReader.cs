using System.Buffers;
using System.Text.Json;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads <c>plugins</c>: the settings of each plugin, which are checked by the plugin itself.</summary>
internal static class PluginSettingsReader
{
    private const string Key = "plugins";

    public static ProxyOptions Read(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        if (value.Kind != ConfigurationValueKind.Object)
        {
            reading.Reject(Key, value, "an object, e.g. { \"Bioproxy.Rag\": { \"folders\": [\"/home/me/notes\"] } }");
            return options;
        }

        var settings = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (plugin, wanted) in value.Members)
        {
            if (wanted.Kind != ConfigurationValueKind.Object)
                reading.Reject($"{Key}.{plugin}", wanted, "an object with the plugin's settings");
            else if (!settings.TryAdd(plugin, Json(wanted)))
                reading.Reject($"{Key}.{plugin}", wanted, "one object for each plugin; names that differ in case only are the same plugin");
        }

        return options with { PluginSettings = settings };
    }

    /// <summary>The value as JSON without comments.</summary>
    private static ReadOnlyMemory<byte> Json(ConfigurationValue value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
            Write(writer, value);
        return buffer.WrittenMemory;
    }

    private static void Write(Utf8JsonWriter writer, ConfigurationValue value)
    {
        switch (value.Kind)
        {
            case ConfigurationValueKind.Object:
                writer.WriteStartObject();
                foreach (var (name, member) in value.Members)
                {
                    writer.WritePropertyName(name);
                    Write(writer, member);
                }

                writer.WriteEndObject();
                break;
            case ConfigurationValueKind.Array:
                writer.WriteStartArray();
                foreach (var (_, element) in value.Members)
                    Write(writer, element);
                writer.WriteEndArray();
                break;
            case ConfigurationValueKind.Text:
                writer.WriteStringValue(value.Content);
                break;
            case ConfigurationValueKind.Number:
                writer.WriteRawValue(value.Content);
                break;
            case ConfigurationValueKind.Boolean:
                writer.WriteBooleanValue(value.Content == "true");
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }
}
