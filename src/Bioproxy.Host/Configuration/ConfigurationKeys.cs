namespace Bioproxy.Host.Configuration;

/// <summary>The table of all keys. A new setting is one line here, a member of <see cref="ProxyOptions"/>, and an entry in
/// config.example.json.</summary>
internal static class ConfigurationKeys
{
    public static IReadOnlyList<ConfigurationKey> All { get; } =
    [
        Key("proxy_host", ValueReaders.Host, (options, value) => options with { ProxyHost = value }) with
        {
            Option = "--host",
            OptionValue = "host",
            OptionHelp = "Where the proxy listens: a host name or an IP address. [default: localhost]",
        },
        Key("proxy_port", ValueReaders.Port, (options, value) => options with { ProxyPort = value }) with
        {
            Option = "--port", OptionValue = "port", OptionHelp = "The proxy's port; 0 takes a free one. [default: 8088]",
        },
        Key("admin_host", ValueReaders.Host, (options, value) => options with { AdminHost = value }) with
        {
            Option = "--admin-host", OptionValue = "host", OptionHelp = "Where health, metrics and status are served. [default: localhost]",
        },
        Key("admin_port", ValueReaders.Port, (options, value) => options with { AdminPort = value }) with
        {
            Option = "--admin-port",
            OptionValue = "port",
            OptionHelp = "The port of health, metrics and status; 0 takes a free one. [default: 8089]",
        },
        FileOf("tls.certificate", (options, value) => options with { TlsCertificate = value }),
        FileOf("tls.key", (options, value) => options with { TlsKey = value }),
        new("api_keys", IsScalar: false, ApiKeysReader.Read, ApiKeysReader.Schema)
        {
            Live = AccessRules.TakeKeys,
        },
        Key("allow_open", ValueReaders.Boolean, (options, value) => options with { AllowOpen = value }) with
        {
            Live = static (now, next) => now with { AllowOpen = next.AllowOpen },
        },
        Flag("forward_api_key", (options, value) => options with { ForwardApiKey = value }),
        new("admin_key", IsScalar: true, ReadAdminKey, static () => Schemas.OrNull(Schemas.Pattern(KeyReader.Pattern)))
        {
            Live = AccessRules.TakeAdminKey,
        },
        Key("backend_url", ValueReaders.BackendUrl, (options, value) => options with { BackendUrl = value }) with
        {
            Option = "--backend", OptionValue = "url",
            OptionHelp = "The address of llama-server; for check and doctor also the name of a backend. [default: http://localhost:8081]",
        },
        Optional("backend_api_key", ValueReaders.Text, (options, value) => options with { BackendApiKey = value }),
        new("backends", IsScalar: false, BackendsReader.Read, BackendsReader.Schema),
        new("models", IsScalar: false, ModelsReader.Read, ModelsReader.Schema) { Live = ModelsReader.TakeAliases },
        Optional("default_model", ValueReaders.Text, (options, value) => options with { DefaultModel = value }),
        Optional("cluster.redis", ValueReaders.Text, (options, value) => WithCluster(options, cluster => cluster with { Redis = value })),
        Key("cluster.name", ClusterReader.Name, (options, value) => WithCluster(options, cluster => cluster with { Name = value })),
        Optional(
            "cluster.advertise",
            ClusterReader.Advertise,
            (options, value) => WithCluster(options, cluster => cluster with { Advertise = value ?? "" })),
        Key(
            "cluster.leave_seconds",
            ValueReaders.SecondsOrZero("at once"),
            (options, value) => WithCluster(options, cluster => cluster with { LeaveDelay = value })),
        Key(
            "cluster.rebalance_seconds",
            ValueReaders.SecondsOrZero("never"),
            (options, value) => WithCluster(options, cluster => cluster with { RebalanceDelay = value })),
        new("cluster.tls", IsScalar: false, ClusterReader.ReadTls, ClusterReader.TlsSchema),
        new("storage", IsScalar: false, StorageReader.Read, static () => Schemas.MapOf(Schemas.ArrayOf(Schemas.Text()))),
        Key("health_check_interval", ValueReaders.Seconds(0.1), (options, value) => options with { HealthCheckInterval = value }),
        new("pool", IsScalar: false, PoolReader.Read, PoolReader.Schema),
        new("prefixes", IsScalar: false, PrefixReader.Read, PrefixReader.Schema)
        {
            Live = static (now, next) => now with
            {
                Prefixes = next.Prefixes, PrefixModels = next.PrefixModels, TemplateRoots = next.TemplateRoots,
            },
        },
        Folders("template_roots", mustExist: true, (options, value) => options with { TemplateRoots = value }) with
        {
            Live = static (now, next) => now with { TemplateRoots = next.TemplateRoots },
        },
        Key("warmup_check_interval", ValueReaders.Seconds(1), (options, value) => options with { WarmUpCheckInterval = value }),
        Folders("plugin_directories", mustExist: false, (options, value) => options with { PluginDirectories = value }),
        Key("plugin_time_budget_ms", ValueReaders.Milliseconds, (options, value) => options with { PluginTimeBudget = value }),
        Key(
            "handler_time_budget_seconds",
            ValueReaders.SecondsOrZero("no limit"),
            (options, value) => options with { HandlerTimeBudget = value }),
        Key("plugin_check_seconds", ValueReaders.SecondsOrZero("never"), (options, value) => options with { PluginCheckInterval = value }),
        new("plugins", IsScalar: false, PluginSettingsReader.Read, static () => Schemas.MapOf(Schemas.AnyObject()))
        {
            Live = static (now, next) => now with { PluginSettings = next.PluginSettings },
        },
        new("agents", IsScalar: false, AgentsReader.Read, static () => Schemas.OrNull(Schemas.ArrayOf(Schemas.Text())))
        {
            Live = static (now, next) => now with { Agents = next.Agents },
        },
        Path("state_directory", mustExist: false, (options, value) => value is null ? options : options with { StateDirectory = value }),
        Key("kv.enabled", ValueReaders.Boolean, (options, value) => options with { KvEnabled = value }),
        Path("kv.directory", mustExist: true, (options, value) => options with { KvDirectory = value }),
        Key("kv.save", ValueReaders.Choice<SaveMode>(), (options, value) => options with { KvSave = value }),
        Key("kv.min_tokens", ValueReaders.Whole(1, int.MaxValue), (options, value) => options with { KvMinTokens = (int)value }),
        Key("kv.idle_save_seconds", ValueReaders.Seconds(0.001), (options, value) => options with { KvIdleSave = value }),
        Key("kv.max_write_per_hour", ValueReaders.Size, (options, value) => options with { KvMaxWritePerHour = value }),
        Key("kv.max_age_days", ValueReaders.Days, (options, value) => options with { KvMaxAge = value }),
        Key("kv.max_bytes", ValueReaders.Size, (options, value) => options with { KvMaxBytes = value }),
        Key("kv.max_snapshots", ValueReaders.Whole(2, 100_000), (options, value) => options with { KvMaxSnapshots = (int)value }),
        Key("kv.min_free_bytes", ValueReaders.Size, (options, value) => options with { KvMinFreeBytes = value }),
        Optional("kv.domain_header", ValueReaders.HeaderName, (options, value) => options with { KvDomainHeader = value }),
        Key("preambles.enabled", ValueReaders.Boolean, (options, value) => options with { PreamblesEnabled = value }),
        Key(
            "preambles.min_tokens",
            ValueReaders.Whole(1, int.MaxValue),
            (options, value) => options with { PreamblesMinTokens = (int)value }),
        Key("preambles.max", ValueReaders.Whole(1, 1000), (options, value) => options with { PreamblesMax = (int)value }),
        new("trusted_proxies", IsScalar: false, (options, value, reading) =>
            NetworksReader.Read("trusted_proxies", value, reading) is { } networks ? options with { TrustedProxies = networks } : options,
            static () => Schemas.ArrayOf(Schemas.Text()))
        {
            Live = static (now, next) => now with { TrustedProxies = next.TrustedProxies },
        },
        Texts("lanes.batch_api_keys", (options, value) => options with { BatchApiKeys = value }) with
        {
            Live = static (now, next) => now with { BatchApiKeys = next.BatchApiKeys },
        },
        Key("queue.keep_alive_seconds", ValueReaders.SecondsOrZero("never"), (options, value) => options with { QueueKeepAlive = value }),
        Key("queue.max_length", ValueReaders.Whole(0, 1_000_000), (options, value) => options with { QueueMaxLength = (int)value }),
        Key("queue.max_wait_seconds", ValueReaders.Seconds(0.001), (options, value) => options with { QueueMaxWait = value }),
        Key("queue.capacity", ValueReaders.Whole(1, 1024), (options, value) => options with { QueueCapacity = (int)value }),
        Key("swap.max_wait_seconds", ValueReaders.Seconds(0.001), (options, value) => options with { SwapMaxWait = value }),
        Key("swap.max_save_seconds", ValueReaders.Seconds(0.001), (options, value) => options with { SwapMaxSave = value }),
        Key(
            "limits.max_body_bytes",
            ValueReaders.Whole(1024, Array.MaxLength),
            (options, value) => options with { MaxBodyBytes = value }) with
        {
            Live = static (now, next) => now with { MaxBodyBytes = next.MaxBodyBytes },
        },
        Key("limits.max_queued_bytes", ValueReaders.Whole(1024, 1L << 50), (options, value) => options with { MaxQueuedBytes = value }) with
        {
            Live = static (now, next) => now with { MaxQueuedBytes = next.MaxQueuedBytes },
        },
        Key("limits.max_header_bytes", ValueReaders.Whole(1024, 1 << 20), (options, value) => options with { MaxHeaderBytes = (int)value }),
        Key("timeouts.connect_seconds", ValueReaders.Seconds(0.001), (options, value) => options with { ConnectTimeout = value }),
        Key(
            "timeouts.response_seconds",
            ValueReaders.SecondsOrZero("no limit"),
            (options, value) => options with { ResponseTimeout = value }),
        Key(
            "timeouts.request_body_seconds",
            ValueReaders.SecondsOrZero("no limit"),
            (options, value) => options with { RequestBodyTimeout = value }) with
        {
            Live = static (now, next) => now with { RequestBodyTimeout = next.RequestBodyTimeout },
        },
        Key("timeouts.client_write_seconds", ValueReaders.Seconds(0.001), (options, value) => options with { ClientWriteTimeout = value }),
        Key(
            "timeouts.resume_seconds",
            ValueReaders.SecondsOrZero("at once"),
            (options, value) => options with { ResumeTimeout = value }) with
        {
            Live = static (now, next) => now with { ResumeTimeout = next.ResumeTimeout },
        },
        Key(
            "timeouts.drain_seconds",
            ValueReaders.SecondsOrZero("cut off at once"),
            (options, value) => options with { DrainTimeout = value }),
        Key("explain_excerpts", ValueReaders.Boolean, (options, value) => options with { ExplainExcerpts = value }) with
        {
            Live = static (now, next) => now with { ExplainExcerpts = next.ExplainExcerpts },
        },
        Key("history.enabled", ValueReaders.Boolean, (options, value) => options with { HistoryEnabled = value }),
        Key("history.max_age_days", ValueReaders.Days, (options, value) => options with { HistoryMaxAge = value }),
        Key("history.max_bytes", ValueReaders.Size, (options, value) => options with { HistoryMaxBytes = value }),
        Key("log_level", ValueReaders.Level, (options, value) => options with { LogLevel = value }) with
        {
            Live = static (now, next) => now with { LogLevel = next.LogLevel },
        },
        Key("log_format", ValueReaders.Choice<LogFormat>(), (options, value) => options with { LogFormat = value }),
        Optional("otlp_endpoint", ValueReaders.Url("http://localhost:4317"), (options, value) => options with { OtlpEndpoint = value }),
        Key("otlp_sampling", ValueReaders.Share, (options, value) => options with { OtlpSampling = value }),
        Key(
            "backend_metrics_interval",
            ValueReaders.SecondsOrZero("never"),
            (options, value) => options with { BackendMetricsInterval = value }),
    ];

    private static ProxyOptions WithCluster(ProxyOptions options, Func<ClusterSettings, ClusterSettings> set) =>
        options with { ClusterValues = set(options.ClusterValues) };

    private static ConfigurationKey Key<T>(string name, ValueReader<T> reader, Func<ProxyOptions, T, ProxyOptions> set) =>
        new(name, IsScalar: true, (options, value, reading) =>
        {
            if (!value.Kind.Fits(reader.Kind) || !reader.TryRead(value.Content, out var result))
            {
                reading.Reject(name, value, reader.Accepted);
                return options;
            }

            reading.Accept(name, value);
            return set(options, result!);
        },
        reader.Schema);

    private static ConfigurationKey Optional<T>(string name, ValueReader<T> reader, Func<ProxyOptions, T?, ProxyOptions> set)
        where T : class
    {
        var key = Key(name, reader with { Accepted = $"{reader.Accepted}, or null" }, set);
        return key with
        {
            Read = (options, value, reading) =>
                value.Kind == ConfigurationValueKind.Null ? set(options, null) : key.Read(options, value, reading),
            Schema = () => Schemas.OrNull(key.Schema()),
        };
    }

    /// <summary>True, false, or null for neither.</summary>
    private static ConfigurationKey Flag(string name, Func<ProxyOptions, bool?, ProxyOptions> set)
    {
        var reader = ValueReaders.Boolean;
        var key = Key(name, reader with { Accepted = $"{reader.Accepted}, or null" }, (options, value) => set(options, value));
        return key with
        {
            Read = (options, value, reading) =>
                value.Kind == ConfigurationValueKind.Null ? set(options, null) : key.Read(options, value, reading),
            Schema = () => Schemas.OrNull(key.Schema()),
        };
    }

    private static ProxyOptions ReadAdminKey(ProxyOptions options, ConfigurationValue value, ConfigurationReading reading)
    {
        const string Name = "admin_key";
        if (value.Kind == ConfigurationValueKind.Null)
            return options with { AdminKey = null };
        if (KeyReader.Read(Name, value, reading) is not { } read)
            return options;
        reading.Accept(Name, value);
        return options with { AdminKey = new AdminKeyOptions(read.Hash, read.Key) };
    }

    private static ConfigurationKey Path(string name, bool mustExist, Func<ProxyOptions, string?, ProxyOptions> set) =>
        new(name, IsScalar: true, (options, value, reading) =>
        {
            if (value.Kind == ConfigurationValueKind.Null)
                return set(options, null);
            return FolderReader.Read(name, value, mustExist, ", or null", reading) is { } folder ? set(options, folder) : options;
        },
        static () => Schemas.OrNull(Schemas.Text()));

    private static ConfigurationKey FileOf(string name, Func<ProxyOptions, string?, ProxyOptions> set) =>
        new(name, IsScalar: true, (options, value, reading) =>
        {
            if (value.Kind == ConfigurationValueKind.Null)
                return set(options, null);
            return FileReader.Read(name, value, reading) is { } file ? set(options, file) : options;
        },
        static () => Schemas.OrNull(Schemas.Text()));

    private static ConfigurationKey Folders(string name, bool mustExist, Func<ProxyOptions, IReadOnlyList<string>, ProxyOptions> set) =>
        new(name, IsScalar: false, (options, value, reading) =>
        {
            if (value.Kind != ConfigurationValueKind.Array)
            {
                reading.Reject(name, value, "an array of folders, e.g. [\"templates\"]");
                return options;
            }

            var folders = value.Members
                .Select((element, index) => FolderReader.Read($"{name}[{index}]", element.Value, mustExist, "", reading));
            return set(options, [.. folders.OfType<string>()]);
        },
        static () => Schemas.ArrayOf(Schemas.Text()));

    private static ConfigurationKey Texts(string name, Func<ProxyOptions, IReadOnlyList<string>, ProxyOptions> set) =>
        new(name, IsScalar: false, (options, value, reading) =>
            TextsReader.Read(name, value, "[\"key-of-the-nightly-job\"]", reading) is { } texts ? set(options, texts) : options,
            static () => Schemas.ArrayOf(Schemas.Text()));
}
