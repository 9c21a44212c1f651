using System.Collections.Frozen;
using System.Net;
using Microsoft.Extensions.Logging;

namespace Bioproxy.Host.Configuration;

/// <summary>The validated configuration. Immutable; created once at start. Paths are absolute.</summary>
internal sealed record ProxyOptions
{
    /// <summary>The configuration file, or null when there is none; relative paths start at <see cref="BaseDirectory"/>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The configuration file's folder; without a file, the folder where it would be.</summary>
    public required string BaseDirectory { get; init; }

    public string ProxyHost { get; init; } = "localhost";
    public int ProxyPort { get; init; } = 8088;
    public string AdminHost { get; init; } = "localhost";
    public int AdminPort { get; init; } = 8089;

    /// <summary><c>api_keys</c>: the keys of which every client needs one; empty lets everybody in who reaches the proxy.</summary>
    public IReadOnlyList<ApiKeyOptions> ApiKeys { get; init; } = [];

    /// <summary><c>allow_open</c>: the proxy may listen beyond this machine without <see cref="ApiKeys"/>.</summary>
    public bool AllowOpen { get; init; }

    /// <summary><c>forward_api_key</c>: whether backends get the keys of clients; null as long as there are no
    /// <see cref="ApiKeys"/>.</summary>
    public bool? ForwardApiKey { get; init; }

    /// <summary><c>admin_key</c>: what the admin port asks for; null lets everybody in who reaches it.</summary>
    public AdminKeyOptions? AdminKey { get; init; }

    /// <summary><c>tls.certificate</c>: a PEM file; null for HTTP without TLS.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary><c>tls.key</c>: a PEM file; null where the certificate's file has it.</summary>
    public string? TlsKey { get; init; }

    /// <summary>The two together; null for HTTP without TLS.</summary>
    public TlsOptions? Tls => TlsCertificate is { } file ? new TlsOptions(file, TlsKey ?? file) : null;

    /// <summary><c>cluster</c>, whether it is in use or not.</summary>
    public ClusterSettings ClusterValues { get; init; } = new();

    /// <summary><c>cluster</c>; null for a proxy by itself.</summary>
    public ClusterSettings? Cluster => ClusterValues.Redis is null ? null : ClusterValues;

    public Uri BackendUrl { get; init; } = new("http://localhost:8081");

    /// <summary><c>backend_api_key</c>: for the proxy's own calls to a backend that was started with a key; clients send
    /// theirs themselves.</summary>
    public string? BackendApiKey { get; init; }

    /// <summary><c>backends</c>, in the order of the file; empty where <c>backend_url</c> is all there is.</summary>
    public IReadOnlyList<BackendOptions> Backends { get; init; } = [];

    /// <summary>Every backend: those of <c>backends</c> and <c>pool</c>, or the one of <c>backend_url</c>.</summary>
    public IReadOnlyList<BackendOptions> AllBackends => IsFleet ? [.. Backends, .. PoolBackends] : [DefaultBackend];

    /// <summary>There may be several backends: <c>backends</c> or <c>pool</c> is configured.</summary>
    public bool IsFleet => Backends.Count > 0 || Pool is not null;

    /// <summary>The backends of <c>pool</c>: each model has a port and a slot folder of its own.</summary>
    public IReadOnlyList<BackendOptions> PoolBackends => Pool is not { } pool ? [] :
    [
        .. pool.Models.Select((model, index) => new BackendOptions(model.Name, new Uri($"http://127.0.0.1:{pool.Ports.First + index}"))
        {
            Kind = BackendKind.LlamaServer,
            SlotDirectory = PoolFolders.Of(this).SlotsOf(model.Name),
            IsPooled = true,
        }),
    ];

    /// <summary>The name of a request's model matters: there are several backends, or <c>models</c> is configured.</summary>
    public bool HasNames => AllBackends.Count > 1 || Models.Count > 0 || Pool is not null;

    /// <summary>The backend that <c>backend_url</c> and the keys beside it describe.</summary>
    public BackendOptions DefaultBackend => new(BackendOptions.DefaultName, BackendUrl)
    {
        ApiKey = BackendApiKey,
        SlotDirectory = KvDirectory,
    };

    /// <summary><c>models</c>: the names that clients use; empty serves every model that is found.</summary>
    public IReadOnlyList<ModelOptions> Models { get; init; } = [];

    /// <summary><c>default_model</c>: serves requests that name none; null for the first model of the first backend.</summary>
    public string? DefaultModel { get; init; }

    /// <summary><c>storage</c>: folder → the name of the place it leads to.</summary>
    public IReadOnlyDictionary<string, string> Storage { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary><c>prefixes</c> with <c>models</c>: trigger → the models whose cache it is kept in; all for a trigger that is
    /// missing.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> PrefixModels { get; init; } =
        FrozenDictionary<string, IReadOnlyList<string>>.Empty;

    /// <summary><c>pool</c>: the llama-servers that the proxy starts itself; null when there is none.</summary>
    public PoolOptions? Pool { get; init; }

    /// <summary><c>warmup_check_interval</c>, seconds in the file.</summary>
    public TimeSpan WarmUpCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>prefixes</c>: trigger → absolute template path, in the order of the file.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Prefixes { get; init; } = [];

    /// <summary><c>template_roots</c>: templates and their includes must be inside these folders. Always contains
    /// <see cref="BaseDirectory"/> and the folder of every configured template.</summary>
    public IReadOnlyList<string> TemplateRoots { get; init; } = [];

    /// <summary><c>plugin_directories</c>: searched after <c>plugins/</c> beside the host.</summary>
    public IReadOnlyList<string> PluginDirectories { get; init; } = [];

    /// <summary><c>plugin_time_budget_ms</c>: the longest time that transforms may spend on one request.</summary>
    public TimeSpan PluginTimeBudget { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>handler_time_budget_seconds</c>: the longest time that a handler may take for its answer; zero = no limit.</summary>
    public TimeSpan HandlerTimeBudget { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>plugin_check_seconds</c>: how often the plugin folders are checked; zero = only on request.</summary>
    public TimeSpan PluginCheckInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>plugins</c>: plugin name → its settings, one JSON object in UTF-8.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> PluginSettings { get; init; } =
        FrozenDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary><c>agents</c>: the slash commands that are enabled; null enables those of all plugins.</summary>
    public IReadOnlyList<string>? Agents { get; init; }

    /// <summary><c>state_directory</c>.</summary>
    public required string StateDirectory { get; init; }

    /// <summary><c>kv.enabled</c>: false disables saving and restoring.</summary>
    public bool KvEnabled { get; init; } = true;

    /// <summary><c>kv.directory</c>: llama-server's <c>--slot-save-path</c> as seen from here, or null when the proxy cannot reach it.
    /// When set, old snapshots are deleted, and the size of a file is checked before it is restored.</summary>
    public string? KvDirectory { get; init; }

    /// <summary><c>kv.save</c>: which conversations become snapshots.</summary>
    public SaveMode KvSave { get; init; } = SaveMode.Auto;

    /// <summary>What conversations begin with is found and kept.</summary>
    public bool PreamblesEnabled { get; init; } = true;

    /// <summary>Tokens of the shortest preamble.</summary>
    public int PreamblesMinTokens { get; init; } = 512;

    /// <summary>Most preambles of one model.</summary>
    public int PreamblesMax { get; init; } = 32;

    /// <summary><c>kv.min_tokens</c>: shorter prompts are side requests: they are not saved, and must not evict longer ones.</summary>
    public int KvMinTokens { get; init; } = 512;

    /// <summary><c>kv.idle_save_seconds</c>: a conversation that has been idle in its slot for this long is saved.</summary>
    public TimeSpan KvIdleSave { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>kv.max_write_per_hour</c>: the maximum number of bytes written per hour for conversation snapshots.</summary>
    public long KvMaxWritePerHour { get; init; } = 50L << 30;

    /// <summary><c>kv.max_age_days</c>: snapshots that were not used for this long are removed.</summary>
    public TimeSpan KvMaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary><c>kv.max_bytes</c>: the maximum size of all snapshots together.</summary>
    public long KvMaxBytes { get; init; } = 50L << 30;

    /// <summary><c>kv.max_snapshots</c>: the maximum number of snapshots.</summary>
    public int KvMaxSnapshots { get; init; } = 1000;

    /// <summary><c>kv.min_free_bytes</c>: disk space that stays free on the disk of <c>kv.directory</c>.</summary>
    public long KvMinFreeBytes { get; init; } = 2L << 30;

    /// <summary><c>kv.domain_header</c>: the request header that separates isolation domains where there are no API keys; null for
    /// none.</summary>
    public string? KvDomainHeader { get; init; }

    /// <summary><c>trusted_proxies</c>: the web servers whose <c>X-Forwarded-For</c> says who sends a request.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    /// <summary><c>lanes.batch_api_keys</c>: requests with these API keys wait in the batch lane.</summary>
    public IReadOnlyList<string> BatchApiKeys { get; init; } = [];

    /// <summary><c>queue.keep_alive_seconds</c>: the longest silence of a waiting stream; zero = no limit.</summary>
    public TimeSpan QueueKeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>explain_excerpts</c>: explanations may quote prompts.</summary>
    public bool ExplainExcerpts { get; init; }

    /// <summary><c>queue.max_length</c>: requests beyond this number of waiting ones are answered with 429.</summary>
    public int QueueMaxLength { get; init; } = 256;

    /// <summary><c>queue.max_wait_seconds</c>: a request that waited this long is answered with 503.</summary>
    public TimeSpan QueueMaxWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary><c>queue.capacity</c>: concurrent requests for a backend that does not report its number of slots.</summary>
    public int QueueCapacity { get; init; } = 4;

    /// <summary><c>swap.max_wait_seconds</c>: a request for a model that is not loaded waits this long at most before the loaded one takes
    /// no more requests.</summary>
    public TimeSpan SwapMaxWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary><c>swap.max_save_seconds</c>: the longest time for saving what a model holds before another takes its place.</summary>
    public TimeSpan SwapMaxSave { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>limits.max_body_bytes</c>.</summary>
    public long MaxBodyBytes { get; init; } = 64L << 20;

    /// <summary><c>limits.max_queued_bytes</c>: the most memory that the bodies of all requests may take together.</summary>
    public long MaxQueuedBytes { get; init; } = 512L << 20;

    /// <summary><c>limits.max_header_bytes</c>: the longest request line plus headers.</summary>
    public int MaxHeaderBytes { get; init; } = 64 << 10;

    /// <summary><c>timeouts.connect_seconds</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>timeouts.response_seconds</c>: the longest wait for the backend's next byte (a long prefill sends nothing); zero = no
    /// limit.</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary><c>timeouts.request_body_seconds</c>: the longest pause while a client sends its body; zero = no limit.</summary>
    public TimeSpan RequestBodyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>timeouts.client_write_seconds</c>: a client that does not accept a write for this long is disconnected.</summary>
    public TimeSpan ClientWriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>timeouts.resume_seconds</c>: how long a stream that can be resumed goes on without its client.</summary>
    public TimeSpan ResumeTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary><c>timeouts.drain_seconds</c>: how long running responses may continue after a stop was requested.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>health_check_interval</c>, seconds in the file.</summary>
    public TimeSpan HealthCheckInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>otlp_endpoint</c>: where traces, metrics and logs are pushed to by OTLP, or null.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary><c>otlp_sampling</c>: the share of the requests that are traced, where the client has not decided it.</summary>
    public double OtlpSampling { get; init; } = 1;

    /// <summary><c>backend_metrics_interval</c>: how often the metrics of loaded models are collected; zero = never.</summary>
    public TimeSpan BackendMetricsInterval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>history.enabled</c>: requests are remembered beyond the end of the process.</summary>
    public bool HistoryEnabled { get; init; } = true;

    /// <summary><c>history.max_age_days</c>: single requests are forgotten after this time; sums stay.</summary>
    public TimeSpan HistoryMaxAge { get; init; } = TimeSpan.FromDays(90);

    /// <summary><c>history.max_bytes</c>: the maximum size of the history.</summary>
    public long HistoryMaxBytes { get; init; } = 64L << 20;

    /// <summary><c>log_level</c>: trace, debug, information, warning, error.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary><c>log_format</c>: readable lines, or one JSON object a line.</summary>
    public LogFormat LogFormat { get; init; }
}
