using System.Buffers;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// Edits an answer that comes as an event stream. An event goes on when its last byte has come; only the JSON strings that were changed
/// are replaced in it, every other byte stays. What an editor still holds when its text ends goes out in an event of its own before the one that
/// ends it, made after the last one of that text.
/// </summary>
internal sealed class StreamEditor(ResponseEdits edits) : EventFilter
{
    private readonly AnswerTexts _found = new();
    private readonly Dictionary<ResponseChannel, Model> _models = [];

    public override void Dispose() => edits.Dispose();

    protected override void OnEvent(ReadOnlyMemory<byte> bytes, JsonRange? value)
    {
        if (value is not { } data)
        {
            Out.Write(bytes.Span);
            return;
        }

        if (data.Of(bytes.Span).SequenceEqual("[DONE]"u8))
        {
            FinishAll();
            Out.Write(bytes.Span);
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes.Slice(data.Start, data.Length));
            _found.Read(document.RootElement, isStream: true);
            FinishBefore();
            Write(bytes, data);
        }
        catch (JsonException)
        {
            Out.Write(bytes.Span);
        }
    }

    /// <summary>Texts that end with this event without a piece in it, and those after which another text of the same choice has begun.</summary>
    private void FinishBefore()
    {
        foreach (var channel in edits.Open.ToList())
        {
            var owner = AnswerTexts.OwnerOf(channel);
            var goesOn = _found.Texts.Any(text => text.IsDelta && text.Channel == channel);
            if (!goesOn && (_found.Ended.Contains(owner) || _found.Texts.Any(text => text.IsDelta && AnswerTexts.OwnerOf(text.Channel) == owner)))
                Finish(channel);
        }
    }

    private void Write(ReadOnlyMemory<byte> bytes, JsonRange data)
    {
        List<JsonSplice>? splices = null;
        foreach (var text in _found.Texts)
        {
            if (JsonTokens.TextOf(text.Token) is not { } before)
                continue;
            var token = JsonTokens.RangeOf(text.Token, data.Of(bytes.Span));
            token = token with { Start = token.Start + data.Start };
            var after = text.IsDelta ? edits.Edit(text.Channel, before) : edits.Whole(text.Channel, before);
            if (text.IsDelta && edits.IsOpen(text.Channel))
                ModelOf(text.Channel).Set(bytes.Span, token);
            if (text.IsDelta && _found.Ended.Contains(AnswerTexts.OwnerOf(text.Channel)) && edits.Finish(text.Channel) is { Length: > 0 } rest)
                after += rest;
            if (ReferenceEquals(before, after))
                continue;
            (splices ??= []).Add(new JsonSplice(token, JsonText.Quote(after)));
        }

        if (splices is null)
        {
            Out.Write(bytes.Span);
            return;
        }

        foreach (var piece in new SplicedBody(bytes, splices).Pieces)
            Out.Write(piece.Span);
    }

    protected override void OnEnd() => FinishAll();

    private void FinishAll()
    {
        foreach (var channel in edits.Open.ToList())
            Finish(channel);
    }

    private void Finish(ResponseChannel channel)
    {
        var rest = edits.Finish(channel);
        if (rest.Length == 0 || !_models.TryGetValue(channel, out var model))
            return;
        foreach (var piece in new SplicedBody(model.Event, [new JsonSplice(model.Token, JsonText.Quote(rest))]).Pieces)
            Out.Write(piece.Span);
    }

    private Model ModelOf(ResponseChannel channel)
    {
        if (!_models.TryGetValue(channel, out var model))
            _models[channel] = model = new Model();
        return model;
    }

    /// <summary>The last event of a text: what an event of our own is made after.</summary>
    private sealed class Model
    {
        private byte[] _bytes = [];
        private int _length;

        public ReadOnlyMemory<byte> Event => _bytes.AsMemory(0, _length);

        public JsonRange Token { get; private set; }

        public void Set(ReadOnlySpan<byte> bytes, JsonRange token)
        {
            if (_bytes.Length < bytes.Length)
                _bytes = new byte[bytes.Length * 2];
            bytes.CopyTo(_bytes);
            (_length, Token) = (bytes.Length, token);
        }
    }
}
