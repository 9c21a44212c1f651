namespace Bioproxy.Host.Configuration;

/// <summary>The validated configuration. Immutable; made once at start. Paths are absolute.</summary>
internal sealed record ProxyOptions
{
    /// <summary>Where the file was read from, or null when there is none; the base of relative paths is <see cref="BaseDirectory"/>.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>The configuration file's folder; without a file, the folder where it would be.</summary>
    public required string BaseDirectory { get; init; }

    public string ProxyHost { get; init; } = "localhost";
    public int ProxyPort { get; init; } = 8088;
    public string AdminHost { get; init; } = "localhost";
    public int AdminPort { get; init; } = 8089;
    public Uri BackendUrl { get; init; } = new("http://localhost:8081");

    /// <summary><c>backend_api_key</c>: for our own calls to a backend that was started with a key; requests of clients carry their own.</summary>
    public string? BackendApiKey { get; init; }

    /// <summary><c>warmup_check_interval</c>, seconds in the file.</summary>
    public TimeSpan WarmUpCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Prefix → absolute template path, in the file's order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Prefixes { get; init; } = [];

    /// <summary><c>template_roots</c>: folders that templates and their includes may not leave. Always contains
    /// <see cref="BaseDirectory"/> and the folder of every configured template.</summary>
    public IReadOnlyList<string> TemplateRoots { get; init; } = [];

    /// <summary><c>plugin_directories</c>: searched after <c>plugins/</c> beside the host.</summary>
    public IReadOnlyList<string> PluginDirectories { get; init; } = [];

    /// <summary><c>plugin_time_budget_ms</c>: the longest one request may spend in transforms.</summary>
    public TimeSpan PluginTimeBudget { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>handler_time_budget_seconds</c>: the longest a handler may take for its answer; zero = no limit.</summary>
    public TimeSpan HandlerTimeBudget { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary><c>plugin_check_seconds</c>: how often the plugin folders are looked at; zero = only when asked to.</summary>
    public TimeSpan PluginCheckInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary><c>plugins</c>: plugin name → its settings, one JSON object in UTF-8.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> PluginSettings { get; init; } = System.Collections.Frozen.FrozenDictionary<string, ReadOnlyMemory<byte>>.Empty;

    /// <summary><c>agents</c>: the slash commands that are enabled; null enables those of all plugins.</summary>
    public IReadOnlyList<string>? Agents { get; init; }

    /// <summary><c>state_directory</c>.</summary>
    public required string StateDirectory { get; init; }

    /// <summary><c>kv.enabled</c>: false switches saving and restoring off.</summary>
    public bool KvEnabled { get; init; } = true;

    /// <summary><c>kv.directory</c>: llama-server's <c>--slot-save-path</c> as seen from here, or null when the proxy cannot reach it.
    /// With it, retired snapshots are deleted and a restore checks the file's size first.</summary>
    public string? KvDirectory { get; init; }

    /// <summary><c>kv.save</c>: which conversations become snapshots.</summary>
    public SaveMode KvSave { get; init; } = SaveMode.Auto;

    /// <summary><c>kv.min_tokens</c>: shorter conversations are side requests: they are not saved, and must not displace longer ones.</summary>
    public int KvMinTokens { get; init; } = 512;

    /// <summary><c>kv.idle_save_seconds</c>: a conversation that rested so long in its slot is saved.</summary>
    public TimeSpan KvIdleSave { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>kv.max_write_per_hour</c>: bytes that saved conversations may wear the disk by.</summary>
    public long KvMaxWritePerHour { get; init; } = 50L << 30;

    /// <summary><c>kv.max_age_days</c>: snapshots that nobody used for so long are removed.</summary>
    public TimeSpan KvMaxAge { get; init; } = TimeSpan.FromDays(30);

    /// <summary><c>kv.max_bytes</c>: of all snapshots together.</summary>
    public long KvMaxBytes { get; init; } = 50L << 30;

    /// <summary><c>kv.max_snapshots</c>: files at most.</summary>
    public int KvMaxSnapshots { get; init; } = 1000;

    /// <summary><c>kv.min_free_bytes</c>: what stays free on the disk of <c>kv.directory</c>.</summary>
    public long KvMinFreeBytes { get; init; } = 2L << 30;

    /// <summary><c>kv.domain_header</c>: the request header that tells isolation domains apart where API keys do not; null for none.</summary>
    public string? KvDomainHeader { get; init; }

    /// <summary><c>lanes.batch_api_keys</c>: whose requests wait in the batch lane.</summary>
    public IReadOnlyList<string> BatchApiKeys { get; init; } = [];

    /// <summary><c>queue.keep_alive_seconds</c>: a stream is not left silent for longer; zero = never mind.</summary>
    public TimeSpan QueueKeepAlive { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary><c>explain_excerpts</c>: explanations may quote the prompt.</summary>
    public bool ExplainExcerpts { get; init; }

    /// <summary><c>queue.max_length</c>: waiting requests beyond this are answered with 429.</summary>
    public int QueueMaxLength { get; init; } = 256;

    /// <summary><c>queue.max_wait_seconds</c>: a request that waited this long is answered with 503.</summary>
    public TimeSpan QueueMaxWait { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary><c>queue.capacity</c>: requests at once for a backend that does not tell its number of slots.</summary>
    public int QueueCapacity { get; init; } = 4;

    /// <summary><c>limits.max_body_bytes</c>.</summary>
    public long MaxBodyBytes { get; init; } = 64L << 20;

    /// <summary><c>limits.max_queued_bytes</c>: the most memory that the bodies of all requests may take together.</summary>
    public long MaxQueuedBytes { get; init; } = 512L << 20;

    /// <summary><c>limits.max_header_bytes</c>: the longest request line plus headers.</summary>
    public int MaxHeaderBytes { get; init; } = 64 << 10;

    /// <summary><c>timeouts.request_body_seconds</c>: the longest pause while a client sends its body; zero = no limit.</summary>
    public TimeSpan RequestBodyTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>timeouts.connect_seconds</c>.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>timeouts.response_seconds</c>: the longest wait for the backend's next byte; zero = no limit (a long prefill sends nothing).</summary>
    public TimeSpan ResponseTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary><c>timeouts.client_write_seconds</c>: a client that does not take a write for this long is cut off.</summary>
    public TimeSpan ClientWriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>timeouts.drain_seconds</c>: how long running responses may go on after a stop was asked for.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>health_check_interval</c>, seconds in the file.</summary>
    public TimeSpan HealthCheckInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>otlp_endpoint</c>: where metrics are pushed by OTLP, or null.</summary>
    public Uri? OtlpEndpoint { get; init; }

    /// <summary><c>log_level</c>: trace, debug, information, warning, error.</summary>
    public Microsoft.Extensions.Logging.LogLevel LogLevel { get; init; } = Microsoft.Extensions.Logging.LogLevel.Information;
}
