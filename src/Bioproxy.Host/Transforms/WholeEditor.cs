using System.Buffers;
using System.Text.Json;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Transforms;

/// <summary>Edits an answer that is one JSON document; it is held back until it is complete. Anything else passes unchanged.</summary>
internal sealed class WholeEditor(ResponseEdits edits) : ResponseFilter
{
    private readonly ArrayBufferWriter<byte> _held = new(4096);

    public override ReadOnlyMemory<byte> Pass(ReadOnlyMemory<byte> read)
    {
        _held.Write(read.Span);
        return default;
    }

    public override ReadOnlyMemory<byte> End()
    {
        var body = _held.WrittenMemory;
        try
        {
            using var document = JsonDocument.Parse(body);
            var texts = new AnswerTexts();
            texts.Read(document.RootElement, isStream: false);
            var splices = new List<JsonSplice>();
            foreach (var text in texts.Texts)
            {
                if (JsonTokens.TextOf(text.Token) is not { } before)
                    continue;
                var after = edits.Whole(text.Channel, before);
                if (!ReferenceEquals(before, after))
                    splices.Add(new JsonSplice(JsonTokens.RangeOf(text.Token, body.Span), JsonText.Quote(after)));
            }

            return splices.Count == 0 ? body : new SplicedBody(body, splices).ToArray();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return body; // not JSON, or a name in it is not valid Unicode (a lone surrogate)
        }
    }

    public override void Dispose() => edits.Dispose();
}
