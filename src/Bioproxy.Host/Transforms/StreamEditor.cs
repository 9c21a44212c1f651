using System.Buffers;
using System.Text.Json;
using Bioproxy.Abstractions;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Transforms;

/// <summary>
/// Edits an answer that comes as an event stream. An event is passed on once it is complete; only the JSON strings that were changed are
/// replaced in it, every other byte stays. Text that an editor still holds when its text ends is sent in an additional event before the one
/// that ends it, modelled on the last event of that text.
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
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Out.Write(bytes.Span); // not JSON, or a name in it is not valid Unicode (a lone surrogate)
        }
    }

    /// <summary>Finishes texts that end with this event without a piece in it, or that are followed by another text of their choice.
    /// </summary>
    private void FinishBefore()
    {
        for (var i = edits.Open.Count - 1; i >= 0; i--)
        {
            if (IsOver(edits.Open[i]))
                Finish(edits.Open[i]);
        }
    }

    private bool IsOver(ResponseChannel channel)
    {
        var owner = AnswerTexts.OwnerOf(channel);
        var isOver = IsEnded(owner);
        foreach (var text in _found.Texts)
        {
            if (text.IsDelta && text.Channel == channel)
                return false;
            isOver |= text.IsDelta && AnswerTexts.OwnerOf(text.Channel) == owner;
        }

        return isOver;
    }

    private bool IsEnded(int owner)
    {
        foreach (var ended in _found.Ended)
        {
            if (ended == owner)
                return true;
        }

        return false;
    }

    private void Write(ReadOnlyMemory<byte> bytes, JsonRange data)
    {
        List<JsonSplice>? splices = null;
        foreach (var text in _found.Texts)
        {
            if (JsonTokens.TextOf(text.Token) is not { } before)
                continue;
            var after = text.IsDelta ? edits.Edit(text.Channel, before) : edits.Whole(text.Channel, before);
            if (text.IsDelta && edits.IsOpen(text.Channel))
            {
                Remember(text.Channel, bytes.Span, data);
                if (IsEnded(AnswerTexts.OwnerOf(text.Channel)) && edits.Finish(text.Channel) is { Length: > 0 } rest)
                    after += rest;
            }

            if (!ReferenceEquals(before, after))
                (splices ??= []).Add(new JsonSplice(RangeOf(text.Token, bytes.Span, data), JsonText.Quote(after)));
        }

        if (splices is null)
            Out.Write(bytes.Span);
        else
            Write(bytes, splices);
    }

    private void Write(ReadOnlyMemory<byte> bytes, List<JsonSplice> splices)
    {
        if (splices.Count > 1)
        {
            foreach (var piece in new SplicedBody(bytes, splices).Pieces)
                Out.Write(piece.Span);
            return;
        }

        Out.Write(bytes.Span[..splices[0].Range.Start]);
        Out.Write(splices[0].Replacement.Span);
        Out.Write(bytes.Span[splices[0].Range.End..]);
    }

    protected override void OnEnd() => FinishAll();

    private void FinishAll()
    {
        while (edits.Open.Count > 0)
            Finish(edits.Open[0]);
    }

    private void Finish(ResponseChannel channel)
    {
        var rest = edits.Finish(channel);
        if (rest.Length > 0 && _models.TryGetValue(channel, out var model))
            Write(model.Event, model.With(rest));
    }

    private static JsonRange RangeOf(JsonElement token, ReadOnlySpan<byte> bytes, JsonRange data)
    {
        var range = JsonTokens.RangeOf(token, data.Of(bytes));
        return range with { Start = range.Start + data.Start };
    }

    /// <summary>Keeps an event as the model of an additional one for this text; its other contents must not be sent twice.</summary>
    private void Remember(ResponseChannel channel, ReadOnlySpan<byte> bytes, JsonRange data)
    {
        if (!_models.TryGetValue(channel, out var model))
            _models[channel] = model = new Model();
        model.Begin(bytes);
        foreach (var text in _found.Texts)
            model.Add(RangeOf(text.Token, bytes, data), text.Channel == channel ? Model.Piece : Model.Empty);
        foreach (var said in _found.Once)
            model.Add(RangeOf(said, bytes, data), Model.Null);
    }

    /// <summary>The last event of a text, and what is replaced in it.</summary>
    private sealed class Model
    {
        public static readonly byte[] Piece = [];
        public static readonly byte[] Empty = "\"\""u8.ToArray();
        public static readonly byte[] Null = "null"u8.ToArray();

        private readonly List<(JsonRange Range, byte[] Replacement)> _replaced = [];
        private byte[] _bytes = [];
        private int _length;

        public ReadOnlyMemory<byte> Event => _bytes.AsMemory(0, _length);

        public void Begin(ReadOnlySpan<byte> bytes)
        {
            if (_bytes.Length < bytes.Length)
                _bytes = new byte[bytes.Length * 2];
            bytes.CopyTo(_bytes);
            _length = bytes.Length;
            _replaced.Clear();
        }

        public void Add(JsonRange range, byte[] replacement) => _replaced.Add((range, replacement));

        public List<JsonSplice> With(string text) => _replaced.ConvertAll(
            one => new JsonSplice(one.Range, ReferenceEquals(one.Replacement, Piece) ? JsonText.Quote(text) : one.Replacement));
    }
}
