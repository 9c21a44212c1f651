using Bioproxy.Abstractions;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Plugins;

/// <summary>The services that one plugin gets. After the plugin was unloaded they throw or do nothing.</summary>
internal sealed class PluginHost(string pluginName, PluginFacilities facilities) : IPluginServices, IPluginBackend, IDisposable
{
    private static readonly byte[] NoSettings = "{}"u8.ToArray();

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _cut = new();
    private HttpClient? _http;
    private PluginMetrics? _metrics;
    private string? _folder;
    private bool _isCut;

    public string PluginName { get; } = pluginName;

    public ILogger Logger { get; } = facilities.Loggers.CreateLogger("plugin." + pluginName);

    public TimeProvider TimeProvider => facilities.Time;

    public ITemplateLibrary Templates => facilities.Templates;

    public ReadOnlyMemory<byte> Settings => facilities.Options.Current.PluginSettings.GetValueOrDefault(PluginName, NoSettings);

    public string DataFolder
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isCut, this);
                var path = Path.Combine(facilities.Options.Current.StateDirectory, "plugins", PluginName);
                return _folder ??= PrivateFolder.Create(path).FullName;
            }
        }
    }

    public HttpClient Http
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isCut, this);
                return _http ??= new HttpClient(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) });
            }
        }
    }

    public IPluginMetrics Metrics
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isCut, this);
                return _metrics ??= new PluginMetrics(PluginName, facilities.Metrics);
            }
        }
    }

    public IPluginBackend Backend => this;

    public async Task<BackendAnswer> AskAsync(BackendQuestion question, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ObjectDisposedException.ThrowIf(_isCut, this);
        if (facilities.Backend() is not { } backend)
        {
            throw new BackendUnavailableException(
                "The proxy is still starting: ask the backend while handling a request, or in the background.");
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cut.Token);
        return await backend.AskAsync(question, both.Token).ConfigureAwait(false);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_isCut)
                return;
            _isCut = true;
        }

        _cut.Cancel();
        _cut.Dispose();
        _http?.Dispose();
        _metrics?.Cut();
    }
}
