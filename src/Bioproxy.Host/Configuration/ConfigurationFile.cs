using System.Text;
using System.Text.Json;

namespace Bioproxy.Host.Configuration;

/// <summary>Reads the JSON of a configuration file into values that know their line. Comments and trailing commas are allowed, duplicate
/// keys are not.</summary>
internal sealed class ConfigurationFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private static readonly JsonReaderOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    private readonly byte[] _json;
    private readonly string _path;
    private readonly ConfigurationReading _reading;

    private ConfigurationFile(byte[] json, string path, ConfigurationReading reading)
    {
        _json = json;
        _path = path;
        _reading = reading;
    }

    /// <returns>The top-level object, or null after an error was reported: the text is not a JSON object.</returns>
    public static ConfigurationValue? Parse(byte[] content, string path, ConfigurationReading reading)
    {
        var json = content.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? content[Encoding.UTF8.Preamble.Length..] : content;
        return new ConfigurationFile(json, path, reading).Parse();
    }

    private ConfigurationValue? Parse()
    {
        try
        {
            if (string.IsNullOrWhiteSpace(StrictUtf8.GetString(_json)))
                return Refuse(_path, "the file is empty; write {} to keep every default");

            var reader = new Utf8JsonReader(_json, Options);
            reader.Read();
            var root = Read(ref reader, "", SourceAt(reader.TokenStartIndex));
            while (reader.Read())
            {
                // Only comments may follow; anything else throws with its position.
            }

            return root.Kind == ConfigurationValueKind.Object ? root : Refuse(root.Source, "expected an object: { \"key\": value, … }");
        }
        catch (JsonException exception)
        {
            return Refuse(PositionOf(exception), $"not valid JSON: {WithoutPosition(exception.Message)}");
        }
        catch (DecoderFallbackException exception)
        {
            return Refuse(SourceAt(exception.Index), "not valid UTF-8; save the file in that encoding");
        }
    }

    private ConfigurationValue? Refuse(string source, string message)
    {
        _reading.Reject(new ConfigurationError("", source, null, message));
        return null;
    }

    private ConfigurationValue Read(ref Utf8JsonReader reader, string key, string source) => reader.TokenType switch
    {
        JsonTokenType.StartObject => new(ConfigurationValueKind.Object, "", source, ReadMembers(ref reader, key)),
        JsonTokenType.StartArray => new(ConfigurationValueKind.Array, "", source, ReadElements(ref reader, key)),
        JsonTokenType.String => new(ConfigurationValueKind.Text, Text(ref reader), source, []),
        JsonTokenType.Number => new(ConfigurationValueKind.Number, Encoding.UTF8.GetString(reader.ValueSpan), source, []),
        JsonTokenType.True => new(ConfigurationValueKind.Boolean, "true", source, []),
        JsonTokenType.False => new(ConfigurationValueKind.Boolean, "false", source, []),
        _ => new(ConfigurationValueKind.Null, "", source, []),
    };

    private List<KeyValuePair<string, ConfigurationValue>> ReadMembers(ref Utf8JsonReader reader, string key)
    {
        var members = new List<KeyValuePair<string, ConfigurationValue>>();
        var seen = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var name = Text(ref reader);
            var source = SourceAt(reader.TokenStartIndex);
            var full = key.Length == 0 ? name : $"{key}.{name}";
            reader.Read();
            var value = Read(ref reader, full, source);
            if (seen.TryAdd(name, source))
                members.Add(new(name, value));
            else
                _reading.Reject(new ConfigurationError(full, source, null, $"given twice; the first is at {seen[name]}"));
        }

        return members;
    }

    private List<KeyValuePair<string, ConfigurationValue>> ReadElements(ref Utf8JsonReader reader, string key)
    {
        var elements = new List<KeyValuePair<string, ConfigurationValue>>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            elements.Add(new("", Read(ref reader, $"{key}[{elements.Count}]", SourceAt(reader.TokenStartIndex))));
        return elements;
    }

    private string Text(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as an escape: valid JSON, but not text.
            var start = reader.TokenStartIndex;
            throw new JsonException("an escape sequence is not a valid character.", null, LineAt(start) - 1, ColumnBytes(start));
        }
    }

    private string SourceAt(long index) => $"{_path}, line {LineAt(index)}";

    private int LineAt(long index) => _json.AsSpan(0, (int)index).Count((byte)'\n') + 1;

    private int ColumnBytes(long index) => (int)index - LineStart(LineAt(index) - 1);

    private int LineStart(long lineIndex)
    {
        var start = 0;
        for (var line = 0L; line < lineIndex; line++)
            start += _json.AsSpan(start).IndexOf((byte)'\n') + 1;
        return start;
    }

    private string PositionOf(JsonException exception)
    {
        var line = exception.LineNumber ?? 0;
        var rest = _json.AsSpan(LineStart(line));

        // The reader counts bytes; editors count characters.
        var column = Encoding.UTF8.GetCharCount(rest[..(int)Math.Min(exception.BytePositionInLine ?? 0, rest.Length)]) + 1;
        return $"{_path}, line {line + 1}, column {column}";
    }

    private static string WithoutPosition(string message)
    {
        var position = message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return position < 0 ? message : message[..position];
    }
}
