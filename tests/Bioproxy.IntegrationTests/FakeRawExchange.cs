using System.Text;

namespace Bioproxy.IntegrationTests;

/// <summary>One request at a <see cref="FakeRawBackend"/>.</summary>
internal sealed class FakeRawExchange(Stream stream, CancellationToken stop)
{
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public required string Method { get; init; }

    public required string Target { get; init; }

    public required IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; }

    public required byte[] Body { get; init; }

    /// <summary>The proxy closed the connection.</summary>
    public Task Left => _left.Task;

    public IReadOnlyList<string> Values(string name) =>
        [.. Headers.Where(h => h.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value)];

    public Task WriteAsync(string text) => WriteAsync(Encoding.Latin1.GetBytes(text));

    public async Task WriteAsync(ReadOnlyMemory<byte> bytes) => await stream.WriteAsync(bytes, stop);

    public Task ChunkAsync(ReadOnlyMemory<byte> data) =>
        WriteAsync((byte[])[.. Encoding.ASCII.GetBytes($"{data.Length:x}\r\n"), .. data.Span, .. "\r\n"u8]);

    public void Leave() => _left.TrySetResult();
}
