namespace Bioproxy.Host.Pool;

/// <summary>Asks servers that are being started whether they are ready.</summary>
internal sealed class HealthProbe : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = AnswerLimit,
        PooledConnectionLifetime = TimeSpan.Zero,
    });

    public HealthProbe(TimeProvider time) => _time = time;

    /// <summary>Completes when <c>GET /health</c> was answered with 200.</summary>
    /// <exception cref="OperationCanceledException">It was not, before the token was cancelled.</exception>
    public async Task WaitAsync(Uri address, CancellationToken cancellationToken)
    {
        while (!await IsHealthyAsync(address, cancellationToken).ConfigureAwait(false))
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _client.Dispose();

    private async Task<bool> IsHealthyAsync(Uri address, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(AnswerLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, "health"));
            using var response = await _client.SendAsync(request, either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }
    }
}
