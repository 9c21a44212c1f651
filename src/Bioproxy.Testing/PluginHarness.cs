using System.Globalization;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Host;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Testing;

/// <summary>
/// The real host with plugins, in this process, in front of a backend with answers chosen by the test. Ports are free ports of this
/// machine, folders are temporary; disposal leaves nothing behind. Thread-safe, except for <see cref="ReloadAsync"/>.
/// </summary>
public sealed class PluginHarness : IAsyncDisposable
{
    private const string FolderKey = "Bioproxy.Testing:";
    private static readonly TimeSpan UnloadLimit = TimeSpan.FromSeconds(10);

    private readonly PluginHarnessOptions _options;
    private readonly HarnessFolder _folder;
    private readonly HarnessBackend _backend;
    private readonly HarnessLog _log;
    private readonly BioproxyApp _app;
    private readonly HttpClient _client;
    private int _sent;

    private PluginHarness(PluginHarnessOptions options, HarnessFolder folder, HarnessBackend backend, HarnessLog log, BioproxyApp app)
    {
        _options = options;
        _folder = folder;
        _backend = backend;
        _log = log;
        _app = app;
        _client = new HttpClient { Timeout = Timeout.InfiniteTimeSpan }; // its own timeout ends with the headers
    }

    /// <summary>Where clients connect, for a client of the test's own.</summary>
    public Uri Address => _app.ProxyAddress;

    /// <summary>Where <c>/metrics</c> and <c>/status</c> are.</summary>
    public Uri AdminAddress => _app.AdminAddress;

    /// <summary>The status of each plugin, of replaced ones too until they have left the memory.</summary>
    public IReadOnlyList<HarnessPlugin> Plugins => [.. _app.Plugins.Select(status => new HarnessPlugin(status))];

    /// <summary>What host and plugins logged from Debug on: <c>Warning plugin.Acme.Shout: …</c>.</summary>
    public IReadOnlyList<string> Log => _log.Lines;

    /// <summary>The plugins' requests to the backend outside a client's request.</summary>
    public IReadOnlyList<HarnessRequest> BackgroundRequests => _backend.RequestsOf(null);

    /// <summary>The folder that the plugin with this type was built into.</summary>
    /// <typeparam name="T">A type of the plugin, whose project the test project references.</typeparam>
    /// <returns>The folder.</returns>
    /// <exception cref="InvalidOperationException">It cannot be found.</exception>
    public static PluginFolder FolderOf<T>()
    {
        var assembly = typeof(T).Assembly;
        var name = assembly.GetName().Name!;

        // What lies beside the tests is a copy of the DLL among everybody's: the build has noted where it came from.
        var noted = AppDomain.CurrentDomain.GetAssemblies()
            .SelectMany(other => other.GetCustomAttributes<AssemblyMetadataAttribute>())
            .FirstOrDefault(metadata => metadata.Key == FolderKey + name)?.Value;
        if (noted is not null && Directory.Exists(noted))
            return new PluginFolder(noted, name);
        throw new InvalidOperationException(noted is null
            ? $"The build has not noted where {name} was built: reference the plugin's project from the test project, which references "
                + "the package Bioproxy.Testing, or name the folder by new PluginFolder(path)."
            : $"{name} was built in {noted}, which is gone: build again, or name the folder by new PluginFolder(path).");
    }

    /// <summary>Starts a host.</summary>
    /// <param name="options">The options.</param>
    /// <param name="cancellationToken">Stops starting.</param>
    /// <returns>The running host.</returns>
    /// <exception cref="ArgumentException">The configuration is wrong; the message names every mistake.</exception>
    /// <exception cref="InvalidOperationException">A plugin could not be loaded, or a template could not be read; the message says
    /// why.</exception>
    public static async Task<PluginHarness> StartAsync(PluginHarnessOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        var folder = new HarnessFolder();
        HarnessBackend? backend = null;
        PluginHarness? harness = null;
        try
        {
            backend = await HarnessBackend.StartAsync(options.Answer, cancellationToken).ConfigureAwait(false);
            var log = new HarnessLog();
            var app = new BioproxyApp(folder.Write(options, backend.Address), options.Time,
                logging => logging.AddProvider(log).SetMinimumLevel(LogLevel.Debug).AddFilter("Microsoft", LogLevel.Warning));
            harness = new PluginHarness(options, folder, backend, log, app);
            await harness.StartAsync(cancellationToken).ConfigureAwait(false);
            return harness;
        }
        catch
        {
            if (harness is not null)
            {
                await harness.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                if (backend is not null)
                    await backend.DisposeAsync().ConfigureAwait(false);
                folder.Dispose();
            }

            throw;
        }
    }

    /// <summary>Sends a user message as a chat and reads the whole answer.</summary>
    /// <param name="message">The message, for example <c>/shout hi</c>.</param>
    /// <param name="stream">Ask for a stream.</param>
    /// <param name="cancellationToken">Leaves, as a client does.</param>
    /// <returns>The result.</returns>
    public Task<HarnessResult> ChatAsync(string message, bool stream = false, CancellationToken cancellationToken = default) =>
        SendAsync(
            new JsonObject
            {
                ["model"] = "test",
                ["stream"] = stream,
                ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = message }),
            }.ToJsonString(),
            cancellationToken: cancellationToken);

    /// <summary>Posts a body and reads the whole answer.</summary>
    /// <param name="body">The body to send, JSON.</param>
    /// <param name="path">The path: <c>/v1/completions</c>, <c>/v1/responses</c>, <c>/v1/messages</c> …</param>
    /// <param name="headers">Further headers.</param>
    /// <param name="cancellationToken">Leaves, as a client does.</param>
    /// <returns>The result, whatever its status.</returns>
    /// <exception cref="TimeoutException">The answer was not complete within <see cref="PluginHarnessOptions.Timeout"/>.</exception>
    public async Task<HarnessResult> SendAsync(
        string body,
        string path = "/v1/chat/completions",
        IEnumerable<KeyValuePair<string, string>>? headers = null,
        CancellationToken cancellationToken = default)
    {
        var id = Interlocked.Increment(ref _sent).ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Address, path));
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add(HarnessBackend.ClientHeader, id);
        foreach (var (name, value) in headers ?? [])
            request.Headers.TryAddWithoutValidation(name, value);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_options.Timeout);
        try
        {
            using var response = await BeginAsync(request, limit.Token).ConfigureAwait(false);
            var (bytes, isComplete) = response is null ? ([], false) : await ReadAsync(response, limit.Token).ConfigureAwait(false);
            _backend.Rethrow(id);
            return new HarnessResult(response, bytes, isComplete, _backend.RequestsOf(id));
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The answer was not complete within {_options.Timeout.TotalSeconds:0.###} s. The log ends "
                + $"with:{Environment.NewLine}{string.Join(Environment.NewLine, Log.TakeLast(10))}", e);
        }
    }

    /// <summary>Loads plugins anew while the host runs, as if their files had just been written. What is new is loaded too.</summary>
    /// <param name="plugins">The plugins, in the place of those of the same name; none for those that the host was started with.</param>
    /// <returns>A task that completes when requests begin with the new ones. One that cannot be loaded leaves the old one in use, whose
    /// <see cref="HarnessPlugin.Problem"/> says why.</returns>
    public async Task ReloadAsync(params IReadOnlyList<PluginFolder> plugins)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        foreach (var plugin in plugins.Count > 0 ? plugins : _options.Plugins)
            _folder.CopyPlugin(plugin, TimeProvider.System.GetUtcNow());
        await _app.ReloadPluginsAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Waits until the plugins that <see cref="ReloadAsync"/> replaced have left the memory.</summary>
    /// <param name="limit">How long; by default ten seconds, which is more than the collector needs.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>A task that completes when nothing of it is left.</returns>
    /// <exception cref="TimeoutException">Something still holds on to a plugin: a static reference, a timer, a thread, an event handler, or
    /// a request that is still running.</exception>
    public async Task WaitForUnloadAsync(TimeSpan? limit = null, CancellationToken cancellationToken = default)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (Left() is { Count: > 0 } left)
        {
            if (TimeProvider.System.GetElapsedTime(started) > (limit ?? UnloadLimit))
                throw new TimeoutException("Still in memory: "
                    + $"{string.Join("; ", left.Select(plugin => $"{plugin.Name} {plugin.Version} ({plugin.State}). {plugin.Problem}"))}");
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The beginning of a prefix's prompts that never changes: this much of the KV cache can be kept. Found as warm-up finds it,
    /// by running all transforms on the prefix with several messages, models and times.</summary>
    /// <param name="prefix">A prefix of <see cref="PluginHarnessOptions.Templates"/>.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The text; the whole template up to the message, unless a plugin writes something volatile before or into it.</returns>
    /// <exception cref="InvalidOperationException">A transform failed.</exception>
    public async Task<string> StaticPrefixOfAsync(string prefix, CancellationToken cancellationToken = default)
    {
        var (rehearsal, problem) = await _app.Rehearsals.RehearseAsync(prefix, cancellationToken).ConfigureAwait(false);
        if (rehearsal is null)
            throw new InvalidOperationException(problem);
        var text = rehearsal.Text.AsSpan();
        var start = text.IndexOf(CanonicalPrompt.TextMark) + 1; // the one text of the one message
        return start == 0 ? "" : WholeCharacters(text[start..]);
    }

    /// <summary>Stops the host and its plugins, and deletes their folders.</summary>
    /// <returns>A task that completes when nothing is left.</returns>
    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync().ConfigureAwait(false);
        await _backend.DisposeAsync().ConfigureAwait(false);
        _folder.Dispose();
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        var faulted = _app.Plugins.Where(status => status.State != PluginState.Active).ToList();
        if (faulted.Count > 0 && !_options.AllowFaulted)
            throw new InvalidOperationException(string.Join(Environment.NewLine, faulted.Select(status => $"Plugin {status.Name} is "
                + $"{status.State}. {status.Problem}")));
        if (await _app.LoadTemplatesAsync(cancellationToken).ConfigureAwait(false) is { Count: > 0 } mistakes)
            throw new InvalidOperationException(string.Join(Environment.NewLine, mistakes));
        await _app.StartAsync(cancellationToken).ConfigureAwait(false);
        await _app.Model.Backend.Monitor.CheckAsync(cancellationToken).ConfigureAwait(false);
    }

    private List<HarnessPlugin> Left() =>
        [.. Plugins.Where(plugin => plugin.State is nameof(PluginState.Draining) or nameof(PluginState.UnloadPending))];

    /// <summary>The headers of a response; null when the connection was cut before they came.</summary>
    private async Task<HttpResponseMessage?> BeginAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        }
        catch (HttpRequestException e) when (e.InnerException is IOException)
        {
            return null;
        }
    }

    /// <summary>All of a body that came.</summary>
    private static async Task<(byte[] Body, bool IsComplete)> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        try
        {
            using var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            await stream.CopyToAsync(body, cancellationToken).ConfigureAwait(false);
            return (body.ToArray(), true);
        }
        catch (IOException)
        {
            return (body.ToArray(), false); // what came is the result
        }
    }

    /// <summary>What prompts share may end within a character.</summary>
    private static string WholeCharacters(ReadOnlySpan<byte> text)
    {
        var characters = new char[text.Length];
        return new string(characters, 0, Encoding.UTF8.GetDecoder().GetChars(text, characters, flush: false));
    }
}
