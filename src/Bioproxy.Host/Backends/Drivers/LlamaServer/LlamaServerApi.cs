using System.Buffers;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Bioproxy.Host.Backends.Drivers.LlamaServer;

/// <summary>The control API of one llama-server with one model. The names and shapes were measured on build 11669.</summary>
internal sealed class LlamaServerApi(ControlCalls calls) : ISlotApi
{
    public async Task<BackendAnswer<IReadOnlyList<SlotRow>>> GetSlotsAsync(CancellationToken cancellationToken)
    {
        var answer = await calls.CallAsync(HttpMethod.Get, "slots", null, ControlCalls.SlowLimit, cancellationToken).ConfigureAwait(false);
        return ControlCalls.Extract<IReadOnlyList<SlotRow>>(answer, "the slot list", static root =>
        [
            .. root.EnumerateArray().Select(static row => new SlotRow(
                row.GetProperty("id").GetInt32(),
                row.GetProperty("is_processing").GetBoolean(),
                row.TryGetProperty("id_task", out var task) && task.GetInt64() is var taskId and >= 0 ? taskId : null,
                row.TryGetProperty("n_prompt_tokens", out var tokens) ? tokens.GetInt32() : null)),
        ]);
    }

    public Task<BackendAnswer<SlotFileResult>> SaveAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        SlotFileAsync(slot, "save", fileName, ("n_saved", "n_written", "save_ms"), cancellationToken);

    public Task<BackendAnswer<SlotFileResult>> RestoreAsync(int slot, string fileName, CancellationToken cancellationToken) =>
        SlotFileAsync(slot, "restore", fileName, ("n_restored", "n_read", "restore_ms"), cancellationToken);

    public async Task<bool> EraseAsync(int slot, CancellationToken cancellationToken)
    {
        var answer = await PostAsync(Invariant($"slots/{slot}?action=erase"), "{}"u8.ToArray(), ControlCalls.SlowLimit, cancellationToken)
            .ConfigureAwait(false);
        answer.Value?.Dispose();
        return answer.IsSuccess;
    }

    public async Task<BackendAnswer<string>> ApplyTemplateAsync(ReadOnlyMemory<byte> chatBody, CancellationToken cancellationToken)
    {
        var answer = await PostAsync("apply-template", chatBody, ControlCalls.QuickLimit, cancellationToken).ConfigureAwait(false);
        return ControlCalls.Extract(answer, "the answer of /apply-template", static root => root.GetProperty("prompt").GetString());
    }

    public async Task<BackendAnswer<int[]>> TokenizeAsync(string prompt, CancellationToken cancellationToken)
    {
        var body = Write(writer =>
        {
            writer.WriteString("content", prompt);
            writer.WriteBoolean("add_special", true);
            writer.WriteBoolean("parse_special", true);
        });
        var answer = await PostAsync("tokenize", body, ControlCalls.QuickLimit, cancellationToken).ConfigureAwait(false);
        return ControlCalls.Extract(
            answer, "the answer of /tokenize",
            static root => root.GetProperty("tokens").EnumerateArray().Select(static t => t.GetInt32()).ToArray());
    }

    public async Task<BackendAnswer<IReadOnlyDictionary<int, double>>> ProbeAsync(
        string prompt, int count, CancellationToken cancellationToken)
    {
        var body = Write(writer =>
        {
            writer.WriteString("prompt", prompt);
            writer.WriteNumber("n_predict", 1);
            writer.WriteNumber("n_probs", count);
            writer.WriteNumber("temperature", 0);
            writer.WriteBoolean("cache_prompt", false);
            writer.WriteBoolean("stream", false);
        });
        var answer = await PostAsync("completion", body, ControlCalls.SlowLimit, cancellationToken).ConfigureAwait(false);
        return ControlCalls.Extract<IReadOnlyDictionary<int, double>>(answer, "the answer to the logit probe", static root =>
            root.GetProperty("completion_probabilities")[0].GetProperty("top_logprobs").EnumerateArray()
                .ToDictionary(static e => e.GetProperty("id").GetInt32(), static e => e.GetProperty("logprob").GetDouble())
                is { Count: > 0 } found ? found : null);
    }

    public Task<BackendAnswer<EvaluationResult>> EvaluateAsync(
        int[] tokens, int? slot, bool mayReuse, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        var body = Write(writer =>
        {
            writer.WriteStartArray("prompt");
            foreach (var token in tokens)
                writer.WriteNumberValue(token);
            writer.WriteEndArray();
            writer.WriteNumber("n_predict", 0);
            writer.WriteBoolean("cache_prompt", mayReuse);
            writer.WriteBoolean("stream", true);
            writer.WriteBoolean("return_progress", true);
            if (slot is { } id)
                writer.WriteNumber("id_slot", id);
        });
        return calls.StreamAsync(
            "completion", body, (events, token) => ReadEvaluationAsync(events, slot, progress, token), cancellationToken);
    }

    public Task<BackendAnswer<EvaluationResult>> EvaluateChatAsync(
        JsonObject chat, int? slot, bool mayReuse, CancellationToken cancellationToken)
    {
        chat["max_tokens"] = 0;
        chat["cache_prompt"] = mayReuse;
        chat["stream"] = true;
        chat["return_progress"] = true;
        if (slot is { } id)
            chat["id_slot"] = id;
        return calls.StreamAsync(
            "v1/chat/completions",
            Encoding.UTF8.GetBytes(chat.ToJsonString()),
            (events, token) => ReadChatAsync(events, slot, token),
            cancellationToken);
    }

    /// <summary>Whether slots can be saved: a name that no server accepts is refused as a name where they can, and as an action where they
    /// cannot.</summary>
    /// <returns>Null when the server did not say.</returns>
    public async Task<bool?> CanSaveSlotsAsync(CancellationToken cancellationToken)
    {
        var body = "{\"filename\":\"../bioproxy\"}"u8.ToArray();
        var answer = await PostAsync("slots/0?action=save", body, ControlCalls.SlowLimit, cancellationToken).ConfigureAwait(false);
        answer.Value?.Dispose();
        return answer.Status switch { 400 => true, 0 or 500 or 502 or 503 or 504 => null, _ => false };
    }

    /// <summary>A chat is computed although the server cannot read its one token as an answer: it may begin a call of a tool.</summary>
    private static async Task<(EvaluationResult? Result, string? Problem)> ReadChatAsync(
        Stream stream, int? slot, CancellationToken cancellationToken)
    {
        var (cached, processed, total) = (0, 0, 0);
        var (result, problem) = await ReadEvaluationAsync(
            stream, slot, (c, p, t) => (cached, processed, total) = (c, p, t), cancellationToken).ConfigureAwait(false);
        if (result is null && total > 0 && processed == total)
            result = new EvaluationResult(slot, cached, total - cached);
        return (result, problem);
    }

    private static async Task<(EvaluationResult? Result, string? Problem)> ReadEvaluationAsync(
        Stream stream, int? slot, Action<int, int, int> progress, CancellationToken cancellationToken)
    {
        EvaluationResult? result = null;
        string? problem = null;
        var parser = SseParser.Create(stream, static (_, bytes) => bytes.ToArray());
        await foreach (var item in parser.EnumerateAsync(cancellationToken).ConfigureAwait(false))
        {
            if (!item.Data.AsSpan().StartsWith("{"u8))
                continue;
            using var data = JsonDocument.Parse(item.Data);
            var root = data.RootElement;
            if (root.TryGetProperty("error", out _))
                problem = ControlCalls.ErrorText(item.Data);
            if (root.TryGetProperty("prompt_progress", out var step))
                progress(
                    step.GetProperty("cache").GetInt32(), step.GetProperty("processed").GetInt32(), step.GetProperty("total").GetInt32());
            if (root.TryGetProperty("timings", out var timings))
            {
                result = new EvaluationResult(
                    root.TryGetProperty("id_slot", out var used) && used.TryGetInt32(out var usedId) && usedId >= 0 ? usedId : slot,
                    timings.GetProperty("cache_n").GetInt32(),
                    timings.GetProperty("prompt_n").GetInt32());
            }
        }

        return (result, problem);
    }

    private async Task<BackendAnswer<SlotFileResult>> SlotFileAsync(
        int slot, string action, string fileName, (string Tokens, string Bytes, string Time) names, CancellationToken cancellationToken)
    {
        var body = Write(writer => writer.WriteString("filename", fileName));
        var answer = await PostAsync(Invariant($"slots/{slot}?action={action}"), body, ControlCalls.SlowLimit, cancellationToken)
            .ConfigureAwait(false);
        return ControlCalls.Extract(answer, $"the answer to {action}", root => new SlotFileResult(
            root.GetProperty(names.Tokens).GetInt32(),
            root.TryGetProperty(names.Bytes, out var size) ? size.GetInt64() : 0,
            TimeSpan.FromMilliseconds(root.TryGetProperty("timings", out var timings) && timings.TryGetProperty(names.Time, out var time)
                ? time.GetDouble()
                : 0)));
    }

    private Task<BackendAnswer<JsonDocument>> PostAsync(
        string path, ReadOnlyMemory<byte> body, TimeSpan limit, CancellationToken cancellationToken) =>
        calls.CallAsync(HttpMethod.Post, path, body, limit, cancellationToken);

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
