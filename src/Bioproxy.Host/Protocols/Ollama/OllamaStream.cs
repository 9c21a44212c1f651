using System.Text.Json;
using Bioproxy.Host.Http;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Protocols.Ollama;

/// <summary>
/// Translates an event stream into lines of JSON. Each piece of text is a line at once; tool calls, which come in pieces, are one line
/// before the last. A stream that does not end as it should ends with an error, so that no client takes a part for the whole.
/// </summary>
internal sealed class OllamaStream(OllamaAnswer answer) : EventFilter
{
    private readonly OllamaToolCalls _calls = new();
    private Utf8JsonWriter? _writer;
    private string? _model;
    private string? _reason;
    private OllamaFigures? _figures;
    private bool _isOver;

    public override ReadOnlyMemory<byte> End()
    {
        base.End();
        Finish();
        return Out.WrittenMemory;
    }

    public override void Dispose() => _writer?.Dispose();

    protected override void OnEvent(ReadOnlyMemory<byte> bytes, JsonRange? value)
    {
        if (_isOver || value is not { } data)
            return; // NDJSON has no comments
        if (data.Of(bytes.Span).SequenceEqual("[DONE]"u8))
        {
            Finish();
            return;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes.Slice(data.Start, data.Length), OllamaJson.Deep);
            OnData(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            Fail("The backend sent an event that is not JSON.");
        }
    }

    protected override void OnEnd()
    {
    }

    /// <summary>An event that is too long, or was broken off.</summary>
    protected override void OnRest(ReadOnlyMemory<byte> bytes)
    {
        if (_reason is null && !bytes.Span.Trim("\r\n"u8).IsEmpty)
            Fail("The backend's answer broke off within an event.");
    }

    private void OnData(JsonElement root)
    {
        if (OllamaError.MessageOf(root) is { } message)
        {
            Fail(message);
            return;
        }

        _figures = OllamaFigures.Of(root) ?? _figures;
        if (OllamaChoice.Of(root) is not { } choice)
            return;
        _model ??= choice.Model;
        var thinking = choice.Message is { } delta && delta.HasText("reasoning_content") ? delta.TextMember("reasoning_content") : null;
        var text = choice.Text is { } said && !said.ValueEquals("") ? said : (JsonElement?)null;
        if (text is not null || thinking is not null)
            WritePiece(text, thinking, null);
        if (choice.Message?.Member("tool_calls") is { ValueKind: JsonValueKind.Array } calls)
            _calls.Add(calls);
        if (choice.Finish is { } finish)
            _reason = OllamaAnswer.ReasonOf(finish);
    }

    private void Finish()
    {
        if (_isOver)
            return;
        if (_reason is null)
        {
            Fail("The backend's answer broke off.");
            return;
        }

        _isOver = true;
        if (_calls.Count > 0)
            WritePiece(null, null, _calls);
        var writer = BeginLine();
        answer.WriteHead(writer, _model);
        answer.WriteText(writer, null, null, null);
        answer.WriteDone(writer, _reason, _figures);
        EndLine(writer);
    }

    private void Fail(string message)
    {
        if (_isOver)
            return;
        _isOver = true;
        var writer = BeginLine();
        writer.WriteString("error", message);
        EndLine(writer);
    }

    private void WritePiece(JsonElement? text, JsonElement? thinking, OllamaToolCalls? calls)
    {
        var writer = BeginLine();
        answer.WriteHead(writer, _model);
        answer.WriteText(writer, text, thinking, calls);
        writer.WriteBoolean("done", false);
        EndLine(writer);
    }

    private Utf8JsonWriter BeginLine()
    {
        if (_writer is null)
            _writer = new Utf8JsonWriter(Out, OllamaJson.Relaxed);
        else
            _writer.Reset();
        _writer.WriteStartObject();
        return _writer;
    }

    private void EndLine(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.Flush();
        Out.GetSpan(1)[0] = (byte)'\n';
        Out.Advance(1);
    }
}
