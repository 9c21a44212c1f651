using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>The answers that Ollama gives about itself and its models.</summary>
internal static class OllamaPages
{
    /// <summary>The version of Ollama whose API this is; clients compare it with the one that a feature came with.</summary>
    public const string ApiVersion = "0.12.6";

    /// <summary>Neither llama-server nor Ollama reports the architecture of every model; clients only use it to find other members.
    /// </summary>
    private const string Architecture = "gguf";

    public static ReadOnlyMemory<byte> Version() => OllamaJson.Object(writer => writer.WriteString("version", ApiVersion));

    /// <summary>All models.</summary>
    public static ReadOnlyMemory<byte> Tags(IReadOnlyList<KnownModel> models) => List(models, static (writer, model) =>
    {
        writer.WriteString("modified_at", OllamaAnswer.Rfc3339(model.Since));
        WriteSize(writer, model);
        WriteDetails(writer, model);
    });

    /// <summary>The models in memory.</summary>
    /// <param name="models">All models.</param>
    /// <param name="now">The time.</param>
    public static ReadOnlyMemory<byte> Running(IReadOnlyList<KnownModel> models, DateTimeOffset now) =>
        List(models.Where(static model => model.IsLoaded), (writer, model) =>
        {
            WriteSize(writer, model);
            WriteDetails(writer, model);
            writer.WriteString("expires_at", OllamaAnswer.Rfc3339(now.AddYears(100))); // the backend keeps it
            writer.WriteNumber("size_vram", model.Size);
            writer.WriteNumber("context_length", model.Context ?? 0);
        });

    /// <summary>One model.</summary>
    public static ReadOnlyMemory<byte> Show(KnownModel model) => OllamaJson.Object(writer =>
    {
        writer.WriteString("modelfile", $"# A model of a llama.cpp server\nFROM {model.Name}\n");
        writer.WriteString("parameters", "");
        writer.WriteString("template", model.Template ?? "");
        writer.WriteString("license", "");
        WriteDetails(writer, model);
        writer.WriteStartObject("model_info");
        writer.WriteString("general.architecture", Architecture);
        writer.WriteString("general.basename", model.Name);
        writer.WriteNumber("general.parameter_count", model.Parameters);
        if ((model.TrainedContext ?? model.Context) is { } context)
            writer.WriteNumber(Architecture + ".context_length", context);
        if (model.EmbeddingLength is { } length)
            writer.WriteNumber(Architecture + ".embedding_length", length);
        writer.WriteEndObject();
        WriteCapabilities(writer, model);
        writer.WriteString("modified_at", OllamaAnswer.Rfc3339(model.Since));
    });

    private static void WriteCapabilities(Utf8JsonWriter writer, KnownModel model)
    {
        writer.WriteStartArray("capabilities");
        writer.WriteStringValue("completion");
        if (model.CallsTools)
            writer.WriteStringValue("tools");
        if (model.SeesImages)
            writer.WriteStringValue("vision");
        if (model.Template is { } template && (Has(template, "enable_thinking") || Has(template, "<think>") || Has(template, "reasoning")))
            writer.WriteStringValue("thinking");
        writer.WriteEndArray();
    }

    private static bool Has(string template, string word) => template.Contains(word, StringComparison.Ordinal);

    private static void WriteSize(Utf8JsonWriter writer, KnownModel model)
    {
        writer.WriteNumber("size", model.Size);
        writer.WriteString(
            "digest", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{model.Name}\n{model.Fingerprint}"))));
    }

    private static void WriteDetails(Utf8JsonWriter writer, KnownModel model)
    {
        writer.WriteStartObject("details");
        writer.WriteString("parent_model", "");
        writer.WriteString("format", "gguf");
        writer.WriteString("family", Architecture);
        writer.WriteStartArray("families");
        writer.WriteStringValue(Architecture);
        writer.WriteEndArray();
        writer.WriteString("parameter_size", Short(model.Parameters));
        writer.WriteString("quantization_level", model.Quantization ?? "unknown");
        writer.WriteEndObject();
    }

    /// <summary>As Ollama writes it: <c>7.2B</c>, <c>360.00M</c>.</summary>
    private static string Short(long parameters) => parameters switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:0.0}B"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.00}M"),
        >= 1_000 => string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e3:0.00}K"),
        _ => parameters.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>All but the names, which are those that clients use here.</summary>
    private static void CopyMembers(Utf8JsonWriter writer, JsonElement entry)
    {
        foreach (var member in entry.EnumerateObject())
        {
            if (!member.NameEquals("name") && !member.NameEquals("model"))
                writer.Copy(member.Name, member.Value);
        }
    }

    private static ReadOnlyMemory<byte> List(
        IEnumerable<KnownModel> models, Action<Utf8JsonWriter, KnownModel> members) => OllamaJson.Object(writer =>
    {
        writer.WriteStartArray("models");
        foreach (var model in models)
        {
            writer.WriteStartObject();
            writer.WriteString("name", model.Name);
            writer.WriteString("model", model.Name);
            if (model.Entry is { } entry)
                CopyMembers(writer, entry);
            else
                members(writer, model);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });
}
