using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Benchmarks.Stub;

/// <summary>
/// A llama-server with nothing behind it: the proxy's control calls are answered like the real one's, a chat immediately. A streamed chat
/// sends its events immediately, too, or one every <c>trickle</c>, without end.
/// </summary>
internal sealed class StubBackend(int slotCount, TimeSpan trickle)
{
    private const int Generated = 24;
    private const int StreamedEvents = 24;
    private const string Answer = "The bytes of a string can be walked from its end; mind what belongs together.";

    private readonly StubSlots _slots = new(slotCount);
    private readonly string _marker = Guid.NewGuid().ToString("n");
    private readonly Dictionary<string, int> _files = new(StringComparer.Ordinal);

    public async Task RunAsync(int port, CancellationToken stopping)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http1);
        });
        await using var app = builder.Build();
        app.Run(HandleAsync);
        await app.StartAsync(stopping);
        await app.WaitForShutdownAsync(stopping);
    }

    private Task HandleAsync(HttpContext http) => http.Request.Path.Value switch
    {
        "/v1/chat/completions" => ChatAsync(http),
        "/slots" => SlotsAsync(http),
        "/props" => TextAsync(http, Props()),
        "/health" => TextAsync(http, """{"status":"ok"}"""),
        "/v1/models" => TextAsync(http, Models),
        "/lora-adapters" => TextAsync(http, "[]"),
        "/looks" => TextAsync(http, _slots.Looks.ToString(CultureInfo.InvariantCulture)), // ours: how often /slots was asked for
        "/completion" => CompletionAsync(http),
        "/apply-template" => ApplyTemplateAsync(http),
        "/tokenize" => TokenizeAsync(http),
        { } path when path.StartsWith("/slots/", StringComparison.Ordinal) =>
            SlotActionAsync(http, int.Parse(path["/slots/".Length..], CultureInfo.InvariantCulture)),
        _ => TextAsync(http, """{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}""", 404),
    };

    private async Task ChatAsync(HttpContext http)
    {
        var (length, wanted, conversation, isStream) = await ReadChatAsync(http.Request);
        var tokens = Math.Max(2, length / 4);
        var (slot, isCached) = await _slots.TakeAsync(wanted, conversation);
        var cached = isCached ? tokens - 1 : 0;
        try
        {
            if (isStream)
                await StreamAsync(http, tokens, cached);
            else
                await AnswerAsync(http, tokens, cached);
        }
        finally
        {
            _slots.Leave(slot, tokens + Generated - 1);
        }
    }

    private static async Task AnswerAsync(HttpContext http, int tokens, int cached)
    {
        var writer = http.Response.BodyWriter;
        var size = Chat(writer.GetSpan(1024), tokens, cached);
        Head(http, "application/json; charset=utf-8");
        http.Response.ContentLength = size;
        writer.Advance(size);
        await writer.FlushAsync();
    }

    private async Task StreamAsync(HttpContext http, int tokens, int cached)
    {
        Head(http, "text/event-stream");
        var writer = http.Response.BodyWriter;
        for (var i = 0; i < StreamedEvents || trickle > TimeSpan.Zero; i++)
        {
            writer.Write("""data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":" walked"}}],"created":1795265096"""u8
                + ""","id":"chatcmpl-QCPqQhgrkzfa3KTogGtIhtqd2VTZF83q","model":"stub","system_fingerprint":"b11669-stu"""u8
                + """b","object":"chat.completion.chunk"}"""u8);
            writer.Write("\n\n"u8);
            await writer.FlushAsync();
            if (trickle > TimeSpan.Zero)
            {
                await Task.Delay(trickle, http.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (http.RequestAborted.IsCancellationRequested)
                    return;
            }
        }

        writer.Write("data: "u8);
        writer.Advance(Chat(writer.GetSpan(1024), tokens, cached));
        writer.Write("\n\ndata: [DONE]\n\n"u8);
        await writer.FlushAsync();
    }

    private static int Chat(Span<byte> to, int tokens, int cached)
    {
        Utf8.TryWrite(
            to,
            CultureInfo.InvariantCulture,
            $"{{\"choices\":[{{\"finish_reason\":\"length\",\"index\":0,\"message\":{{\"role\":\"assistant\","
            + $"\"content\":\"{Answer}\"}}}}],\"created\":1795265096,\"model\":\"stub\",\"system_fingerprint\":\"b11669-stub\","
            + $"\"object\":\"chat.completion\",\"usage\":{{\"completion_tokens\":{Generated},\"prompt_tokens\":{tokens},"
            + $"\"total_tokens\":{tokens + Generated},\"prompt_tokens_details\":{{\"cached_tokens\":{cached}}}}},"
            + $"\"id\":\"chatcmpl-w8K7j6i4G4uaW2ZxZ5Pc6mgR4TPEtYfm\",\"timings\":{{\"cache_n\":{cached},\"prompt_n\":{tokens - cached},"
            + $"\"prompt_ms\":{PrefillMilliseconds(tokens - cached)},\"prompt_per_token_ms\":0.5437560975609756,"
            + $"\"prompt_per_second\":1839.0598367273706,\"predicted_n\":{Generated},\"predicted_ms\":1.76,"
            + $"\"predicted_per_token_ms\":0.88,\"predicted_per_second\":1136.3636363636363}}}}",
            out var written);
        return written;
    }

    /// <summary>
    /// The real, tiny time, so that nothing seems worth saving or restoring; but a whole template costs what a model would take.
    /// </summary>
    private static double PrefillMilliseconds(int computed) => computed >= 2000 ? computed * 0.5 : 0.01 + (computed * 0.0001);

    /// <summary>The first bytes of a chat identify slot, stream and conversation (system prompt and first question: 900 bytes).</summary>
    private static async ValueTask<(int Length, int? Slot, int Conversation, bool IsStream)> ReadChatAsync(HttpRequest request)
    {
        var head = ArrayPool<byte>.Shared.Rent(2048);
        var kept = 0;
        var length = 0;
        while (true)
        {
            var read = await request.BodyReader.ReadAsync();
            foreach (var piece in read.Buffer)
            {
                var part = Math.Min(piece.Length, head.Length - kept);
                piece.Span[..part].CopyTo(head.AsSpan(kept));
                kept += part;
                length += piece.Length;
            }

            request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                break;
        }

        var result = Look(head.AsSpan(0, kept), length);
        ArrayPool<byte>.Shared.Return(head);
        return result;
    }

    private static (int Length, int? Slot, int Conversation, bool IsStream) Look(ReadOnlySpan<byte> head, int length)
    {
        int? wanted = null;
        var at = head.IndexOf("\"id_slot\":"u8);
        if (at >= 0 && System.Buffers.Text.Utf8Parser.TryParse(head[(at + 10)..], out int number, out _) && number >= 0)
            wanted = number;
        var messages = head[Math.Max(0, head.IndexOf("\"messages\":"u8))..];
        var hash = new HashCode();
        hash.AddBytes(messages[..Math.Min(messages.Length, 900)]);
        return (length, wanted, hash.ToHashCode(), head.IndexOf("\"stream\":true"u8) >= 0);
    }

    private async Task SlotsAsync(HttpContext http)
    {
        Head(http, "application/json; charset=utf-8");
        _slots.Write(http.Response.BodyWriter);
        await http.Response.BodyWriter.FlushAsync();
    }

    /// <summary>Evaluations (<c>n_predict: 0</c>, streamed) and the logit probe.</summary>
    private async Task CompletionAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var root = body.RootElement;
        var prompt = root.GetProperty("prompt");
        var tokens = prompt.ValueKind == JsonValueKind.Array ? prompt.GetArrayLength() : prompt.GetString()!.Length;
        var (slot, _) = await _slots.TakeAsync(
            root.TryGetProperty("id_slot", out var id) ? id.GetInt32() : null, HashCode.Combine(prompt.GetRawText()));
        if (root.TryGetProperty("stream", out var stream) && stream.GetBoolean())
        {
            Head(http, "text/event-stream");
            var progress = $$"""{"total":{{tokens}},"cache":0,"processed":{{tokens}},"time_ms":5}""";
            var timings = $$"""{"cache_n":0,"prompt_n":{{tokens}},"predicted_n":1}""";
            await http.Response.WriteAsync(
                $$"""data: {"index":0,"content":"","tokens":[0],"stop":false,"id_slot":-1,"prompt_progress":{{progress}} }""" + "\n\n");
            await http.Response.WriteAsync(
                $$"""data: {"index":0,"content":"","stop":true,"id_slot":{{slot.Id}},"timings":{{timings}} }""" + "\n\n");
        }
        else
        {
            var top = string.Join(',', Enumerable.Range(0, 64).Select(i => string.Create(
                CultureInfo.InvariantCulture, $$"""{"id":{{i}},"token":"t","bytes":[116],"logprob":{{-0.5 * (i + 1)}}}""")));
            await TextAsync(http,
                $$"""{"content":"t","id_slot":{{slot.Id}},"completion_probabilities":[{"id":0,"token":"t","bytes":[116],"logprob":-0.5"""
                + $$""","top_logprobs":[{{top}}]}],"timings":{"cache_n":0,"prompt_n":{{tokens}},"predicted_n":1} }""");
        }

        _slots.Leave(slot, tokens);
    }

    private static async Task ApplyTemplateAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var prompt = new StringBuilder();
        foreach (var message in body.RootElement.GetProperty("messages").EnumerateArray())
            prompt.Append("<|im_start|>").Append(message.GetProperty("role").GetString()).Append('\n')
                .Append(message.GetProperty("content").GetString()).Append("<|im_end|>\n");
        await TextAsync(http, $$"""{"prompt":"{{JsonEncodedText.Encode(prompt.ToString())}}"}""");
    }

    private static async Task TokenizeAsync(HttpContext http)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var bytes = Encoding.UTF8.GetBytes(body.RootElement.GetProperty("content").GetString()!);
        var tokens = bytes.Chunk(4).Select(four => four.Aggregate(0, (token, b) => (token * 31) + b));
        await TextAsync(http, $$"""{"tokens":[{{string.Join(',', tokens)}}]}""");
    }

    private async Task SlotActionAsync(HttpContext http, int slot)
    {
        using var body = await JsonDocument.ParseAsync(http.Request.Body);
        var file = body.RootElement.TryGetProperty("filename", out var name) ? name.GetString()! : string.Empty;
        if (file.Contains('/', StringComparison.Ordinal))
        {
            await TextAsync(http, """{"error":{"code":400,"message":"Invalid filename","type":"invalid_request_error"}}""", 400);
            return;
        }

        string answer;
        lock (_files)
        {
            answer = http.Request.Query["action"].ToString() switch
            {
                "save" => Saved(_files[file] = _slots.Held(slot)),
                "restore" => Restored(_files[file]),
                _ => Erased(),
            };
        }

        await TextAsync(http, answer);

        string Saved(int tokens) =>
            $$"""{"id_slot":{{slot}},"filename":"{{file}}","n_saved":{{tokens}},"n_written":{{tokens * 1024}},"timings":{"save_ms":1.5} """
            + $$"""}""";

        string Restored(int tokens)
        {
            _slots.Set(slot, tokens);
            return $$"""{"id_slot":{{slot}},"filename":"{{file}}","n_restored":{{tokens}},"n_read":{{tokens * 1024}}"""
                + $$""","timings":{"restore_ms":1.5} }""";
        }

        string Erased()
        {
            _slots.Set(slot, 0);
            return $$"""{"id_slot":{{slot}},"n_erased":1}""";
        }
    }

    private static void Head(HttpContext http, string contentType)
    {
        http.Response.ContentType = contentType;
        http.Response.Headers.Server = "llama.cpp";
        http.Response.Headers.AccessControlAllowOrigin = "";
        http.Response.Headers.KeepAlive = "timeout=5, max=100";
    }

    private static async Task TextAsync(HttpContext http, string text, int status = 200)
    {
        http.Response.StatusCode = status;
        Head(http, "application/json; charset=utf-8");
        http.Response.ContentLength = Encoding.UTF8.GetByteCount(text);
        await http.Response.WriteAsync(text);
    }

    private string Props() =>
        $$"""{"default_generation_settings":{"params":{},"n_ctx":8192},"total_slots":{{_slots.Count}},"model_alias":"stu"""
        + $$"""b","model_ftype":"F16","model_path":"stub.gguf","modalities":{"vision":false,"video":false,"audio":false}"""
        + $$""","media_marker":"<__media_{{_marker}}__>","endpoint_slots":true,"endpoint_props":false,"endpoint_metrics":false"""
        + $$""","chat_template":"chatml","bos_token":"<s>","eos_token":"</s>","build_info":"b11669-stub","is_sleeping":false}""";

    private const string Models =
        """{"object":"list","data":[{"id":"stub","object":"model","created":1795265096,"owned_by":"llamacpp","meta":{"vocab_type":1"""
        + ""","n_vocab":356,"n_ctx":8192,"n_ctx_train":131072,"n_embd":256,"n_params":3592448,"size":7189504,"ftype":"F16"}}]}""";
}
