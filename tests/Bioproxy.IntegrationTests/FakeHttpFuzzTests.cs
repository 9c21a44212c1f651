using System.Net.Sockets;
using System.Text;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Bytes that are hardly HTTP any more, at both ports.</summary>
public sealed class FakeHttpFuzzTests(ITestOutputHelper output)
{
    /// <summary>An answer that takes longer is not waited for: half a request never gets one.</summary>
    private const int PatienceMicroseconds = 3_000;

    private static readonly string[] Tokens =
    [
        "\r\n", "\r\n\r\n", "\n", "Content-Length: 5\r\n", "Content-Length: -1\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n",
        "5\r\nabcde\r\n", "ffffffffffffffff\r\n", "Content-Encoding: gzip\r\n", "Content-Type: multipart/form-data\r\n", "Host: a\r\n",
        "Expect: 100-continue\r\n", "Connection: Upgrade\r\nUpgrade: h2c\r\n", "X-Bioproxy-Lane: batch\r\n", "Cookie: a=b\r\n",
        "Authorization: Bearer x\r\n", "X-Forwarded-For: 1.2.3.4\r\n", "traceparent: 00-0-0-0\r\n", "%00", "%2f..", "//", "/../", "?",
        "HTTP/2.0", "HTTP/1.0", "CONNECT ", "HEAD ", "OPTIONS ", "Origin: http://a\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];

    [Fact]
    public async Task Proxy_AnyBytes_AreAnsweredOrRefused()
    {
        await using var stage = await FakeStage.StartAsync(output, templates: ("@code", "Instructions.\n<<message>>"));

        Fuzz(stage.App.ProxyAddress, [.. Chats().Select(Encoding.UTF8.GetBytes)]);

        await stage.AssertServesAsync();
        Assert.Equal(0, (int)(await stage.StatusAsync())["body_bytes"]!);
        Assert.DoesNotContain(stage.Log, line => line.Contains("Unhandled", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Admin_AnyBytes_AreAnsweredOrRefused()
    {
        await using var stage = await FakeStage.StartAsync(output);

        Fuzz(stage.App.AdminAddress, [.. Calls().Select(Encoding.UTF8.GetBytes)]);

        await stage.AssertServesAsync();
        Assert.DoesNotContain(stage.Log, line => line.Contains("Unhandled", StringComparison.OrdinalIgnoreCase));
    }

    private static void Fuzz(Uri address, byte[][] seeds)
    {
        var answers = 0;
        FuzzRun.Bytes(seeds, Tokens, bytes =>
        {
            var answer = Ask(address, bytes);
            if (answer.Length == 0)
                return;
            answers++;
            var isHttp2 = answer[0] == '\0'; // a frame: the bytes began as HTTP/2 does
            Assert.True(isHttp2 || answer.StartsWith("HTTP/1.1 ", StringComparison.Ordinal), answer);
            Assert.DoesNotContain("HTTP/1.1 500", answer, StringComparison.Ordinal);
        }, share: 4);
        Assert.InRange(answers, FuzzRun.Count / 80, FuzzRun.Count);
    }

    /// <summary>Sends the bytes on a connection of their own.</summary>
    /// <returns>What came.</returns>
    private static string Ask(Uri address, byte[] bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        socket.Connect("127.0.0.1", address.Port);
        var received = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            socket.Send(bytes);
            while (socket.Poll(PatienceMicroseconds, SelectMode.SelectRead) && socket.Receive(buffer) is var count and > 0)
                received.Write(buffer, 0, count);
        }
        catch (SocketException)
        {
            // reset: the refusal may have come before
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    private static IEnumerable<string> Chats()
    {
        const string Body = """{"model":"m","messages":[{"role":"user","content":"@code How?"}],"max_tokens":1}""";
        yield return FakeRawClient.Post(Body);
        yield return FakeRawClient.Post(Body.Insert(1, "\"stream\":true,"), "Accept: text/event-stream\r\n");
        yield return FakeRawClient.Post("""{"model":"m","messages":[{"role":"user","content":"q"}]}""", path: "/api/chat");
        yield return FakeRawClient.Post("""{"model":"m","max_tokens":1,"messages":[]}""", path: "/v1/messages");
        yield return FakeRawClient.Post("""{"prompt":"once","n_predict":1}""", path: "/completion");
        yield return "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"{Body.Length:x}\r\n{Body}\r\n0\r\n\r\n";
        yield return "GET /v1/models HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
        yield return "OPTIONS /v1/chat/completions HTTP/1.1\r\nHost: a\r\nOrigin: http://b\r\nConnection: close\r\n\r\n";
        yield return "POST /v1/embeddings HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 13\r\n\r\n{\"input\":\"a\"}";
    }

    private static IEnumerable<string> Calls()
    {
        string[] pages =
        [
            "/", "/status", "/health", "/health/ready", "/metrics", "/explain/1", "/misses", "/kv", "/savings?window=day", "/requests",
            "/live", "/events",
        ];
        foreach (var path in pages)
            yield return $"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
        foreach (var path in new[] { "/kv/drop?file=a.bin", "/kv/gc?dry_run=true", "/models/m/unload", "/requests/cancel?id=1" })
            yield return $"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    }
}
