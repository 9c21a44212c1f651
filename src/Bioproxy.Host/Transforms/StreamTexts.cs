using System.Text.Json;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Transforms;

/// <summary>Reads the answer's text out of an event stream, piece by piece. Nothing is passed on.</summary>
internal sealed class StreamTexts(Action<string> onPiece) : EventFilter
{
    private readonly AnswerTexts _found = new();

    public override void Dispose()
    {
        // nothing to release
    }

    protected override void OnEvent(ReadOnlyMemory<byte> bytes, JsonRange? data)
    {
        if (data is not { } range)
            return;
        try
        {
            using var document = JsonDocument.Parse(bytes.Slice(range.Start, range.Length));
            _found.Read(document.RootElement, isStream: true);
            foreach (var text in _found.Answer)
            {
                if (JsonTokens.TextOf(text.Token) is { Length: > 0 } piece)
                    onPiece(piece);
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // the end mark, or an event without text
        }
    }

    protected override void OnEnd()
    {
        // an incomplete event is dropped
    }
}
