using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Bioproxy.Benchmarks.Load;

/// <summary>One client: makes its next request, head and body, as bytes. The bodies are about 2 KB on average in every mix.</summary>
internal sealed class Chatter(Mix mix, int port, int seed)
{
    private const int Turns = 7;
    private const string SystemPrompt =
        "You are a careful assistant for a team that maintains a large code base. Answer in short sentences and show code where code says "
        + "it better. Name the trade-offs of what you propose, "
        + "and say so when you are not sure. Keep to the language and the style of the code that is shown. Never invent functions of a "
        + "library: if you do not know one, say how to look it up. "
        + "When a question is about performance, ask what was measured. When it is about security, say what an attacker could do. Use the "
        + "metric system and write dates as year-month-day. "
        + "If the user asks for a review, list the most serious finding first, with file and line, and leave matters of taste for the end.";

    private static readonly string[] Words =
        ["the", "string", "reverse", "function", "returns", "a", "list", "of", "bytes", "when", "caller", "holds", "lock", "and", "queue",
            "is", "empty", "how", "do", "I", "write", "test", "for", "stream", "that", "ends", "early", "with", "error"];

    private readonly Random _random = new(seed);
    private readonly ArrayBufferWriter<byte> _history = new();
    private readonly ArrayBufferWriter<byte> _request = new();
    private int _turn;
    private int _conversation;

    public ReadOnlyMemory<byte> Next()
    {
        if (mix == Mix.Shared)
            return _request.WrittenCount > 0 ? _request.WrittenMemory : Compose(Message("user", 1, 1150));
        if (mix == Mix.New)
            return Compose(Message("user", ++_conversation, 1150));
        if (mix == Mix.Templated)
            return Compose($"{{\"role\":\"user\",\"content\":\"@code {Text(++_conversation, 300)}\"}}", system: false);
        if (_turn++ % Turns == 0)
        {
            _history.ResetWrittenCount();
            _conversation++;
        }
        else
        {
            _history.Write(Encoding.ASCII.GetBytes("," + Message("assistant", 0, 180) + ","));
        }

        _history.Write(Encoding.ASCII.GetBytes(Message("user", (_conversation * 100) + _turn, 200)));
        return Compose(Encoding.ASCII.GetString(_history.WrittenSpan));
    }

    private ReadOnlyMemory<byte> Compose(string messages, bool system = true)
    {
        var head = system ? $"{{\"role\":\"system\",\"content\":\"{SystemPrompt}\"}}," : string.Empty;
        var stream = mix == Mix.Streamed ? "true" : "false";
        var body = $"{{\"model\":\"stub\",\"stream\":{stream},\"temperature\":0.7,\"max_tokens\":256,\"messages\":[{head}{messages}]}}";
        _request.ResetWrittenCount();
        var size = body.Length + 512;
        Utf8.TryWrite(
            _request.GetSpan(size),
            CultureInfo.InvariantCulture,
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench/1.0\r\nAccept: application/json\r\n"
            + $"Accept-Encoding: identity\r\nAuthorization: Bearer none\r\nContent-Type: application/json\r\nContent-Length: "
            + $"{body.Length}\r\n\r\n{body}",
            out var written);
        _request.Advance(written);
        return _request.WrittenMemory;
    }

    private string Message(string role, int nonce, int length) => $"{{\"role\":\"{role}\",\"content\":\"{Text(nonce, length)}\"}}";

    private string Text(int nonce, int length)
    {
        var text = new StringBuilder(length + 16);
        if (nonce > 0)
            text.Append(CultureInfo.InvariantCulture, $"Question {seed}.{nonce}: ");
        while (text.Length < length)
            text.Append(Words[_random.Next(Words.Length)]).Append(' ');
        return text.ToString();
    }
}
