using System.Text.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>The texts of /infill: files beside the one that is edited, and the code before and behind the gap. Their type is <c>code</c>,
/// so that nothing looks for triggers in them.</summary>
internal sealed class InfillPrompt
{
    private const string Code = "code";

    private IReadOnlyList<PartRange> _extra = [];
    private IReadOnlyList<PartRange> _prefix = [];
    private IReadOnlyList<PartRange> _prompt = [];
    private IReadOnlyList<PartRange> _suffix = [];

    public IReadOnlyList<MessageRanges> Messages =>
        [new("user", [.. new[] { _extra, _prefix, _prompt, _suffix }.SelectMany(static parts => parts)], [])];

    /// <summary>Reads the member at which the reader stands, if it is one of these.</summary>
    public bool TryRead(ref Utf8JsonReader reader)
    {
        if (reader.ValueTextEquals("input_extra"u8))
            _extra = ReadFiles(ref reader);
        else if (reader.ValueTextEquals("input_prefix"u8))
            _prefix = ReadText(ref reader);
        else if (reader.ValueTextEquals("prompt"u8))
            _prompt = ReadText(ref reader);
        else if (reader.ValueTextEquals("input_suffix"u8))
            _suffix = ReadText(ref reader);
        else
            return false;
        return true;
    }

    private static List<PartRange> ReadText(ref Utf8JsonReader reader)
    {
        reader.Read();
        return [.. CompletionPrompts.ReadOne(ref reader).Select(static part => part.IsText ? part with { Type = Code } : part)];
    }

    /// <summary>A list of objects with a <c>text</c> and a <c>filename</c>; both are in the prompt.</summary>
    private static List<PartRange> ReadFiles(ref Utf8JsonReader reader)
    {
        reader.Read();
        var parts = new List<PartRange>();
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return parts;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
                ReadFile(ref reader, parts);
            else
                reader.Skip();
        }

        return parts;
    }

    private static void ReadFile(ref Utf8JsonReader reader, List<PartRange> parts)
    {
        PartRange? text = null;
        PartRange? name = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isText = reader.ValueTextEquals("text"u8);
            var isName = !isText && reader.ValueTextEquals("filename"u8);
            reader.Read();
            var isString = reader.TokenType == JsonTokenType.String;
            var value = reader.SkipValue();
            if (isText)
                text = new(Code, isString, value);
            else if (isName)
                name = new(Code, isString, value);
        }

        if (name is not null)
            parts.Add(name.Value);
        if (text is not null)
            parts.Add(text.Value);
    }
}
