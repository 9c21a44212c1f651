using Microsoft.AspNetCore.Http;

namespace Bioproxy.Host.Http;

/// <summary>The connection of a client.</summary>
internal sealed class ClientSink(HttpContext http) : IAnswerSink
{
    private readonly HttpResponse _response = http.Response;

    public bool HasStarted => _response.HasStarted;

    public int StatusCode
    {
        get => _response.StatusCode;
        set => _response.StatusCode = value;
    }

    public IHeaderDictionary Headers => _response.Headers;

    public CancellationToken Gone => http.RequestAborted;

    /// <summary>In a stream that its client may resume, the client counts the bytes, and the backend does not know ours.</summary>
    public bool NeedsKeepAlive => !http.Request.Headers.ContainsKey("X-Conversation-Id");

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        _response.Body.WriteAsync(bytes, cancellationToken);

    public Task FlushAsync(CancellationToken cancellationToken) => _response.Body.FlushAsync(cancellationToken);

    public Task CompleteAsync() => _response.CompleteAsync();

    public void Abort() => http.Abort();
}
