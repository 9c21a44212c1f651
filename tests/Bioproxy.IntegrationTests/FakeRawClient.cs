using System.Net.Sockets;
using System.Text;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>A client on raw TCP that sends exactly the given bytes and sees exactly what arrived.</summary>
internal sealed class FakeRawClient : IAsyncDisposable
{
    private readonly TcpClient _tcp = new() { NoDelay = true };
    private readonly MemoryStream _received = new();

    public string Received => Encoding.Latin1.GetString(_received.ToArray());

    public static async Task<FakeRawClient> ConnectAsync(Uri address, int? receiveBuffer = null)
    {
        var client = new FakeRawClient();
        if (receiveBuffer is { } size)
            client._tcp.ReceiveBufferSize = size;
        await client._tcp.ConnectAsync(address.Host == "localhost" ? "127.0.0.1" : address.Host, address.Port).DefaultTimeout();
        return client;
    }

    /// <summary>Sends one request on a connection of its own and reads to the end.</summary>
    public static async Task<FakeRawResponse> AskAsync(Uri address, string request)
    {
        await using var client = await ConnectAsync(address);
        await client.SendAsync(request);
        return await client.ReadToEndAsync();
    }

    /// <summary>A request with a body, after which the connection ends.</summary>
    public static string Post(string body, string headers = "", string path = "/v1/chat/completions") =>
        $"POST {path} HTTP/1.1\r\nHost: proxy\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
        + $"{Encoding.UTF8.GetByteCount(body)}\r\n{headers}\r\n{Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(body))}";

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(byte[] bytes) => await _tcp.GetStream().WriteAsync(bytes).DefaultTimeout();

    /// <summary>Reads until a text came.</summary>
    public async Task ReadUntilAsync(string text)
    {
        while (!Received.Contains(text, StringComparison.Ordinal))
            Assert.True(await ReadAsync() > 0, $"The connection ended before '{text}' came: {Received}");
    }

    /// <summary>Reads until the connection ends, cleanly or not.</summary>
    public async Task<FakeRawResponse> ReadToEndAsync(bool isHead = false)
    {
        var isReset = false;
        try
        {
            while (await ReadAsync() > 0)
            {
                // until its end
            }
        }
        catch (IOException)
        {
            isReset = true;
        }

        return FakeRawResponse.Parse(_received.ToArray(), isReset, isHead);
    }

    public ValueTask DisposeAsync()
    {
        _tcp.Dispose();
        _received.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<int> ReadAsync()
    {
        var buffer = new byte[16 * 1024];
        var read = await _tcp.GetStream().ReadAsync(buffer).AsTask().WaitAsync(FakeStage.Limit);
        _received.Write(buffer, 0, read);
        return read;
    }
}
