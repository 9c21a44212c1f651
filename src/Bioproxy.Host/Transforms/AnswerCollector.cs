using System.Text;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Transforms;

/// <summary>Puts the texts of a complete answer together: from one JSON document, or from the events of a stream.</summary>
internal sealed class AnswerCollector : EventFilter
{
    private readonly AnswerTexts _found = new();
    private readonly List<ResponseChannel> _order = [];
    private readonly Dictionary<ResponseChannel, StringBuilder> _texts = [];
    private readonly Dictionary<ResponseChannel, AnswerCall> _calls = [];

    /// <summary>Reads an answer.</summary>
    /// <returns>Its texts; empty where it is not an answer that can be read.</returns>
    public static IReadOnlyList<AnswerPart> Read(ReadOnlyMemory<byte> answer, bool isStream)
    {
        using var collector = new AnswerCollector();
        if (isStream)
        {
            collector.Pass(answer);
            collector.End();
        }
        else
        {
            collector.ReadOne(answer, isStream: false);
        }

        return collector.Parts();
    }

    public override void Dispose()
    {
        // nothing to release
    }

    protected override void OnEvent(ReadOnlyMemory<byte> bytes, JsonRange? data)
    {
        if (data is { } range && bytes.Span[range.Start..].StartsWith("{"u8))
            ReadOne(bytes.Slice(range.Start, range.Length), isStream: true);
    }

    protected override void OnEnd()
    {
        // an incomplete event is dropped
    }

    private void ReadOne(ReadOnlyMemory<byte> json, bool isStream)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            _found.Read(document.RootElement, isStream);
            foreach (var text in _found.Texts)
            {
                if (JsonTokens.TextOf(text.Token) is { } piece)
                    Add(text, piece);
            }

            foreach (var call in _found.Calls)
                Add(call);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // not JSON, or a name in it is not valid Unicode
        }
    }

    private void Add(AnswerCall call)
    {
        _calls.TryAdd(call.Channel, call);
        var text = TextOf(call.Channel);
        if (text.Length == 0 && call.Input is { Length: > 2 } input)
            text.Append(input);
    }

    /// <summary>A whole text repeats what came in pieces.</summary>
    private void Add(AnswerText found, string piece)
    {
        var text = TextOf(found.Channel);
        if (found.IsDelta || text.Length == 0)
            text.Append(piece);
    }

    private StringBuilder TextOf(ResponseChannel channel)
    {
        if (_texts.TryGetValue(channel, out var text))
            return text;
        _order.Add(channel);
        return _texts[channel] = new StringBuilder();
    }

    private List<AnswerPart> Parts() => _order.ConvertAll(channel =>
    {
        var call = _calls.TryGetValue(channel, out var found) ? found : default;
        var text = _texts[channel].ToString();
        return new AnswerPart(channel, text.Length == 0 && call.Input is { } input ? input : text)
        {
            CallId = call.Id,
            ToolName = call.Name,
        };
    });
}
