using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.UnitTests.Configuration;

public sealed class ConfigurationLoaderTests : IDisposable
{
    /// <summary>A value for every scalar key that differs from its default, and how it shows in the options.</summary>
    private static readonly Dictionary<string, (string Text, Func<ProxyOptions, object?> Read, object Expected)> Samples = new()
    {
        ["proxy_host"] = ("127.0.0.2", o => o.ProxyHost, "127.0.0.2"),
        ["proxy_port"] = ("0", o => o.ProxyPort, 0),
        ["admin_host"] = ("[::1]", o => o.AdminHost, "::1"),
        ["tls.certificate"] = ("~/server.pem", o => Path.GetFileName(o.TlsCertificate), "server.pem"),
        ["tls.key"] = ("~/server.key", o => Path.GetFileName(o.TlsKey), "server.key"),
        ["allow_open"] = ("true", o => o.AllowOpen, true),
        ["forward_api_key"] = ("false", o => o.ForwardApiKey, false),
        ["admin_key"] = ($"{KeyHash.OfKey("k")}", o => o.AdminKey?.Hash, KeyHash.OfKey("k")),
        ["admin_port"] = ("65535", o => o.AdminPort, 65535),
        ["backend_url"] = ("https://gpu.example:9443/llama", o => o.BackendUrl, new Uri("https://gpu.example:9443/llama")),
        ["backend_api_key"] = ("secret", o => o.BackendApiKey, "secret"),
        ["default_model"] = ("coder", o => o.DefaultModel, "coder"),
        ["health_check_interval"] = ("0.5", o => o.HealthCheckInterval, TimeSpan.FromSeconds(0.5)),
        ["warmup_check_interval"] = ("1", o => o.WarmUpCheckInterval, TimeSpan.FromSeconds(1)),
        ["plugin_time_budget_ms"] = ("1.5", o => o.PluginTimeBudget, TimeSpan.FromMilliseconds(1.5)),
        ["handler_time_budget_seconds"] = ("0.5", o => o.HandlerTimeBudget, TimeSpan.FromSeconds(0.5)),
        ["plugin_check_seconds"] = ("0", o => o.PluginCheckInterval, TimeSpan.Zero),
        ["state_directory"] = ("~/state", o => Path.GetFileName(o.StateDirectory), "state"),
        ["kv.enabled"] = ("false", o => o.KvEnabled, false),
        ["cluster.redis"] = ("10.0.0.2:6379", o => o.ClusterValues.Redis, "10.0.0.2:6379"),
        ["cluster.name"] = ("lab", o => o.ClusterValues.Name, "lab"),
        ["cluster.advertise"] = ("10.0.0.5:11111", o => o.ClusterValues.Advertise, "10.0.0.5:11111"),
        ["cluster.leave_seconds"] = ("7", o => o.ClusterValues.LeaveDelay, TimeSpan.FromSeconds(7)),
        ["cluster.rebalance_seconds"] = ("7", o => o.ClusterValues.RebalanceDelay, TimeSpan.FromSeconds(7)),
        ["kv.directory"] = ("~/", o => Path.GetFileName(o.KvDirectory), "home"),
        ["kv.save"] = ("never", o => o.KvSave, SaveMode.Never),
        ["kv.min_tokens"] = ("1", o => o.KvMinTokens, 1),
        ["preambles.enabled"] = ("false", o => o.PreamblesEnabled, false),
        ["preambles.min_tokens"] = ("7", o => o.PreamblesMinTokens, 7),
        ["preambles.max"] = ("7", o => o.PreamblesMax, 7),
        ["kv.idle_save_seconds"] = ("0.5", o => o.KvIdleSave, TimeSpan.FromSeconds(0.5)),
        ["kv.max_write_per_hour"] = ("1.5 TiB", o => o.KvMaxWritePerHour, 3L << 39),
        ["kv.max_age_days"] = ("0.5", o => o.KvMaxAge, TimeSpan.FromHours(12)),
        ["kv.max_bytes"] = ("1 KiB", o => o.KvMaxBytes, 1024L),
        ["kv.max_snapshots"] = ("2", o => o.KvMaxSnapshots, 2),
        ["kv.min_free_bytes"] = ("100MiB", o => o.KvMinFreeBytes, 100L << 20),
        ["kv.domain_header"] = ("X-User", o => o.KvDomainHeader, "X-User"),
        ["history.enabled"] = ("false", o => o.HistoryEnabled, false),
        ["history.max_age_days"] = ("7", o => o.HistoryMaxAge, TimeSpan.FromDays(7)),
        ["history.max_bytes"] = ("1 MiB", o => o.HistoryMaxBytes, 1L << 20),
        ["explain_excerpts"] = ("true", o => o.ExplainExcerpts, true),
        ["queue.keep_alive_seconds"] = ("0", o => o.QueueKeepAlive, TimeSpan.Zero),
        ["queue.max_length"] = ("0", o => o.QueueMaxLength, 0),
        ["queue.max_wait_seconds"] = ("2.5", o => o.QueueMaxWait, TimeSpan.FromSeconds(2.5)),
        ["swap.max_wait_seconds"] = ("2.5", o => o.SwapMaxWait, TimeSpan.FromSeconds(2.5)),
        ["swap.max_save_seconds"] = ("2.5", o => o.SwapMaxSave, TimeSpan.FromSeconds(2.5)),
        ["queue.capacity"] = ("1", o => o.QueueCapacity, 1),
        ["limits.max_body_bytes"] = ("1024", o => o.MaxBodyBytes, 1024L),
        ["limits.max_queued_bytes"] = ("67108864", o => o.MaxQueuedBytes, 64L << 20),
        ["limits.max_header_bytes"] = ("8192", o => o.MaxHeaderBytes, 8192),
        ["timeouts.connect_seconds"] = ("1e1", o => o.ConnectTimeout, TimeSpan.FromSeconds(10)),
        ["timeouts.response_seconds"] = ("0", o => o.ResponseTimeout, TimeSpan.Zero),
        ["timeouts.request_body_seconds"] = ("0", o => o.RequestBodyTimeout, TimeSpan.Zero),
        ["timeouts.client_write_seconds"] = ("7", o => o.ClientWriteTimeout, TimeSpan.FromSeconds(7)),
        ["timeouts.resume_seconds"] = ("0", o => o.ResumeTimeout, TimeSpan.Zero),
        ["timeouts.drain_seconds"] = ("0", o => o.DrainTimeout, TimeSpan.Zero),
        ["log_level"] = ("warning", o => o.LogLevel, LogLevel.Warning),
        ["log_format"] = ("json", o => o.LogFormat, LogFormat.Json),
        ["otlp_sampling"] = ("0.25", o => o.OtlpSampling, 0.25),
        ["backend_metrics_interval"] = ("0", o => o.BackendMetricsInterval, TimeSpan.Zero),
        ["otlp_endpoint"] = ("http://collector:4317", o => o.OtlpEndpoint, new Uri("http://collector:4317")),
    };

    private readonly ConfigurationFolder _folder = new();

    public static TheoryData<string> ScalarKeys => [.. ConfigurationKeys.All.Where(key => key.IsScalar).Select(key => key.Name)];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_PluginSettings_ArePassedOnAsJsonWithoutComments()
    {
        var options = _folder.Valid(
            """{ "plugins": { "Acme.Shout": { "loud": true, /* never mind */ "times": 1e2, "words": ["a\"b", null, {}], } },"""
            + """ "agents": ["/rag", "parallel"] }""");

        var (plugin, settings) = Assert.Single(options.PluginSettings);
        Assert.Equal("Acme.Shout", plugin);
        Assert.Equal("""{"loud":true,"times":1e2,"words":["a\u0022b",null,{}]}""", System.Text.Encoding.UTF8.GetString(settings.Span));
        Assert.Equal(["rag", "parallel"], options.Agents);
    }

    [Theory]
    [InlineData("http://localhost:8081/v1", false)]
    [InlineData("http://localhost:8081/openai/V1/", false)]
    [InlineData("http://localhost:8081/llama", true)]
    [InlineData("http://localhost:8081/v1beta", true)]
    public void Load_BackendUrlThatEndsInV1_IsAnError(string url, bool isValid)
    {
        string[] files = [$$"""{ "backend_url": "{{url}}" }""", $$"""{ "backends": { "desk": { "url": "{{url}}" } } }"""];

        Assert.All(files, file => Assert.Equal(isValid, _folder.Load(file).Errors.Count == 0));
    }

    [Fact]
    public void Load_TrustedProxies_AreAddressesAndNetworks()
    {
        var networks = _folder.Valid("""{ "trusted_proxies": ["127.0.0.1", "10.0.0.0/8", "::1"] }""").TrustedProxies;

        Assert.Equal(["127.0.0.1/32", "10.0.0.0/8", "::1/128"], networks.Select(network => network.ToString()));
        Assert.Contains("'web' is neither", Assert.Single(_folder.Errors("""{ "trusted_proxies": ["web"] }""")), StringComparison.Ordinal);
        Assert.Single(_folder.Errors("""{ "trusted_proxies": "127.0.0.1" }"""));
    }

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{ "agents": null }""", null)]
    [InlineData("""{ "agents": [] }""", "")]
    [InlineData("""{ "agents": ["/rag", "deep-think"] }""", "rag deep-think")]
    public void Load_Agents_AreAllNoneOrThoseNamed(string json, string? expected) =>
        Assert.Equal(expected?.Split(' ', StringSplitOptions.RemoveEmptyEntries), _folder.Valid(json).Agents);

    [Fact]
    public void Load_PluginSettings_AreFoundWithoutCase() =>
        Assert.Equal(
            "{}",
            System.Text.Encoding.UTF8.GetString(_folder.Valid("""{ "plugins": { "Acme": {} } }""").PluginSettings["acme"].Span));

    [Fact]
    public void Load_NoFileAtTheDefaultPlace_GivesDefaults()
    {
        var options = _folder.Valid();

        Assert.Null(options.ConfigFile);
        Assert.Equal(Path.Combine(_folder.Home, ".config", "bioproxy"), options.BaseDirectory);
        Assert.Equal(Path.Combine(_folder.Home, ".local", "state", "bioproxy"), options.StateDirectory);
        Assert.Equal([options.BaseDirectory], options.TemplateRoots);
        Assert.Equal(8088, options.ProxyPort);
    }

    [Fact]
    public void Load_XdgFoldersSet_AreUsed()
    {
        _folder.Environment["XDG_CONFIG_HOME"] = Path.Combine(_folder.Folder, "xdg");
        _folder.Environment["XDG_STATE_HOME"] = Path.Combine(_folder.Folder, "states");
        var file = _folder.Write("xdg/bioproxy/config.json", """{ "proxy_port": 1 }""");

        var options = _folder.Valid();

        Assert.Equal(file, options.ConfigFile);
        Assert.Equal(1, options.ProxyPort);
        Assert.Equal(Path.Combine(_folder.Folder, "states", "bioproxy"), options.StateDirectory);
    }

    [Fact]
    public void Load_RelativeXdgFolder_IsIgnored()
    {
        _folder.Environment["XDG_STATE_HOME"] = "relative";

        Assert.Equal(Path.Combine(_folder.Home, ".local", "state", "bioproxy"), _folder.Valid().StateDirectory);
    }

    [Fact]
    public void Load_NamedFileMissing_IsAnError()
    {
        Assert.Equal(
            ["--config: config is \"none.json\"; expected a file that exists"],
            _folder.Errors(configPath: Path.Combine(_folder.Folder, "none.json")));

        _folder.Environment["BIOPROXY_CONFIG"] = _folder.Home;
        Assert.Equal(["BIOPROXY_CONFIG: config is \"home\"; expected a file; this is a folder"], _folder.Errors());
    }

    [Fact]
    public void Load_EmptyConfigOption_IsAnError() => Assert.Single(_folder.Errors(configPath: ""));

    [Fact]
    public void Load_ConfigOptionAndVariable_OptionWins()
    {
        _folder.Environment["BIOPROXY_CONFIG"] = _folder.Write("other.json", """{ "proxy_port": 1 }""");

        Assert.Equal(2, _folder.Valid("""{ "proxy_port": 2 }""").ProxyPort);
        Assert.Equal(1, _folder.Valid().ProxyPort);
    }

    [Fact]
    public void Load_AllLayersSet_LaterOnesWin()
    {
        const string Json = """{ "proxy_port": 1, "admin_port": 2, "backend_url": "http://file:1" }""";
        _folder.Environment["BIOPROXY_ADMIN_PORT"] = "3";
        _folder.Environment["BIOPROXY_BACKEND_URL"] = "http://environment:1";
        _folder.Overrides["backend_url"] = "http://option:1";

        var options = _folder.Valid(Json);

        Assert.Equal((1, 3, "option"), (options.ProxyPort, options.AdminPort, options.BackendUrl.Host));
    }

    [Theory]
    [MemberData(nameof(ScalarKeys))]
    public void Load_ScalarInFileEnvironmentAndOverride_MeansTheSame(string key)
    {
        var (text, read, expected) = Samples[key];
        var isText = !double.TryParse(text, out _) && text is not ("true" or "false");
        var json = isText ? $"\"{text}\"" : text;

        if (key.StartsWith("tls.", StringComparison.Ordinal))
        {
            TestCertificate.Write(_folder.Home, "localhost");
            _folder.Environment["BIOPROXY_TLS_CERTIFICATE"] = key == "tls.key" ? Path.Combine(_folder.Home, "server.pem") : "";
        }

        if (key == "cluster.redis")
            _folder.Environment["BIOPROXY_CLUSTER_ADVERTISE"] = "10.0.0.5:11111"; // needed with it

        Assert.NotEqual(expected, read(_folder.Valid()));
        var fromFile = key.Split('.') is [var section, var member]
            ? _folder.Valid($$"""{ "{{section}}": { "{{member}}": {{json}} } }""")
            : _folder.Valid($$"""{ "{{key}}": {{json}} }""");
        Assert.Equal(expected, read(fromFile));

        _folder.Overrides[key] = text;
        Assert.Equal(expected, read(_folder.Valid()));

        _folder.Overrides.Clear();
        _folder.Environment["BIOPROXY_" + key.Replace('.', '_').ToUpperInvariant()] = text;
        Assert.Equal(expected, read(_folder.Valid()));
    }

    [Theory]
    [InlineData(
        """{ "proxy_port": "8080" }""",
        "config.json, line 1: proxy_port is \"8080\"; expected a whole number from 0 to 65535 (0 = a free port)")]
    [InlineData(
        """{ "proxy_port": 65536 }""",
        "config.json, line 1: proxy_port is 65536; expected a whole number from 0 to 65535 (0 = a free port)")]
    [InlineData(
        """{ "proxy_port": -1 }""",
        "config.json, line 1: proxy_port is -1; expected a whole number from 0 to 65535 (0 = a free port)")]
    [InlineData(
        """{ "proxy_port": 80.5 }""",
        "config.json, line 1: proxy_port is 80.5; expected a whole number from 0 to 65535 (0 = a free port)")]
    [InlineData(
        """{ "proxy_port": null }""",
        "config.json, line 1: proxy_port is null; expected a whole number from 0 to 65535 (0 = a free port)")]
    [InlineData(
        """{ "proxy_host": "http://localhost" }""",
        "config.json, line 1: proxy_host is \"http://localhost\"; "
        + "expected a host name or an IP address without port (0.0.0.0 = every interface), or unix: with the path of a socket")]
    [InlineData(
        """{ "proxy_host": "" }""",
        "config.json, line 1: proxy_host is \"\"; "
        + "expected a host name or an IP address without port (0.0.0.0 = every interface), or unix: with the path of a socket")]
    [InlineData(
        """{ "backend_url": "localhost:8081" }""",
        "config.json, line 1: backend_url is \"localhost:8081\"; "
        + "expected an absolute http:// or https:// address without user name, ? or #, and without /v1 at its end, "
        + "e.g. http://localhost:8081, or unix: with the path of a socket")]
    [InlineData(
        """{ "otlp_endpoint": "/metrics" }""",
        "config.json, line 1: otlp_endpoint is \"/metrics\"; "
        + "expected an absolute http:// or https:// address without user name, ? or #, e.g. http://localhost:4317, or null")]
    [InlineData(
        """{ "warmup_check_interval": 0.5 }""",
        "config.json, line 1: warmup_check_interval is 0.5; expected a number of seconds from 1 to 1000000 (fractions allowed)")]
    [InlineData(
        """{ "timeouts": { "connect_seconds": 0 } }""",
        "config.json, line 1: timeouts.connect_seconds is 0; expected a number of seconds from 0.001 to 1000000 (fractions allowed)")]
    [InlineData(
        """{ "timeouts": { "response_seconds": 1e300 } }""",
        "config.json, line 1: timeouts.response_seconds is 1e300; "
        + "expected a number of seconds from 0 to 1000000 (fractions allowed, 0 = no limit)")]
    [InlineData("""{ "kv": { "enabled": "true" } }""", "config.json, line 1: kv.enabled is \"true\"; expected true or false")]
    [InlineData(
        """{ "kv": { "directory": "nowhere" } }""",
        "config.json, line 1: kv.directory is \"nowhere\"; expected a folder that exists, or null (looked for: nowhere)")]
    [InlineData(
        """{ "kv": true }""",
        "config.json, line 1: kv is true; "
        + "expected an object with any of enabled, directory, save, min_tokens, idle_save_seconds, max_write_per_hour, max_age_days, "
        + "max_bytes, max_snapshots, min_free_bytes, domain_header")]
    [InlineData(
        """{ "kv": { "save": "sometimes" } }""",
        "config.json, line 1: kv.save is \"sometimes\"; expected one of \"auto\", \"always\", \"never\"")]
    [InlineData("""{ "kv": { "save": "1" } }""", "config.json, line 1: kv.save is \"1\"; expected one of \"auto\", \"always\", \"never\"")]
    [InlineData(
        """{ "kv": { "max_bytes": "50 GB" } }""",
        "config.json, line 1: kv.max_bytes is \"50 GB\"; expected a size with its unit, e.g. \"50 GiB\" (KiB, MiB, GiB, TiB)")]
    [InlineData(
        """{ "kv": { "max_bytes": "0.9 KiB" } }""",
        "config.json, line 1: kv.max_bytes is \"0.9 KiB\"; expected a size with its unit, e.g. \"50 GiB\" (KiB, MiB, GiB, TiB)")]
    [InlineData(
        """{ "kv": { "max_bytes": 1048576 } }""",
        "config.json, line 1: kv.max_bytes is 1048576; expected a size with its unit, e.g. \"50 GiB\" (KiB, MiB, GiB, TiB)")]
    [InlineData(
        """{ "kv": { "max_age_days": 0 } }""",
        "config.json, line 1: kv.max_age_days is 0; expected a number of days from 0.001 to 36500 (fractions allowed)")]
    [InlineData(
        """{ "kv": { "domain_header": "X User" } }""",
        "config.json, line 1: kv.domain_header is \"X User\"; expected the name of a request header, e.g. X-User, or null")]
    [InlineData(
        """{ "lanes": { "batch_api_keys": [""] } }""",
        "config.json, line 1: lanes.batch_api_keys is an array; expected an array of strings, e.g. [\"key-of-the-nightly-job\"]")]
    [InlineData(
        """{ "log_level": "info" }""",
        "config.json, line 1: log_level is \"info\"; expected one of \"trace\", \"debug\", \"information\", \"warning\", \"error\"")]
    [InlineData("""{ "log_format": "xml" }""", "config.json, line 1: log_format is \"xml\"; expected one of \"text\", \"json\"")]
    [InlineData(
        """{ "limits": { "max_queued_bytes": 1023 } }""",
        "config.json, line 1: limits.max_queued_bytes is 1023; expected a whole number from 1024 to 1125899906842624")]
    [InlineData(
        """{ "limits": { "max_header_bytes": 2000000 } }""",
        "config.json, line 1: limits.max_header_bytes is 2000000; expected a whole number from 1024 to 1048576")]
    [InlineData(
        """{ "timeouts": { "request_body_seconds": -1 } }""",
        "config.json, line 1: timeouts.request_body_seconds is -1; "
        + "expected a number of seconds from 0 to 1000000 (fractions allowed, 0 = no limit)")]
    [InlineData(
        """{ "limits": { "max_body_bytes": 2048, "max_queued_bytes": 2047 } }""",
        "config.json, line 1: limits.max_queued_bytes is 2047; expected at least limits.max_body_bytes, which is 2048")]
    [InlineData(
        """{ "limits": { "max_body_bytes": 1000000000 } }""",
        "config.json, line 1: limits.max_queued_bytes is 536870912; expected at least limits.max_body_bytes, which is 1000000000")]
    [InlineData(
        """{ "template_roots": "a" }""",
        "config.json, line 1: template_roots is \"a\"; expected an array of folders, e.g. [\"templates\"]")]
    [InlineData(
        """{ "template_roots": ["home", "a"] }""",
        "config.json, line 1: template_roots[1] is \"a\"; expected a folder that exists (looked for: a)")]
    [InlineData(
        """{ "plugin_directories": ["config.json"] }""",
        "config.json, line 1: plugin_directories[0] is \"config.json\"; expected a folder (this is a file: config.json)")]
    [InlineData(
        """{ "prefixes": [] }""",
        "config.json, line 1: prefixes is an array; expected an object, e.g. { \"@code\": \"templates/code.txt\" }")]
    [InlineData(
        """{ "prefixes": { "@code": "code.txt" } }""",
        "config.json, line 1: prefixes.@code is \"code.txt\"; expected the path of a template file that exists (looked for: code.txt)")]
    [InlineData(
        """{ "prefixes": { "@code": 1 } }""",
        "config.json, line 1: prefixes.@code is 1; expected the path of a template file that exists")]
    [InlineData(
        """{ "prefixes": { "a b": "config.json" } }""",
        "config.json, line 1: prefixes is \"a b\" as a prefix; expected one or more characters without white space, e.g. \"@code\"")]
    [InlineData(
        """{ "prefixes": { "": "config.json" } }""",
        "config.json, line 1: prefixes is \"\" as a prefix; expected one or more characters without white space, e.g. \"@code\"")]
    [InlineData("""{ "proxy_prot": 1 }""", "config.json, line 1: proxy_prot: unknown key; did you mean \"proxy_port\"?")]
    [InlineData("""{ "Proxy-Port": 1 }""", "config.json, line 1: Proxy-Port: unknown key; did you mean \"proxy_port\"?")]
    [InlineData("""{ "port": 1 }""", "config.json, line 1: port: unknown key; did you mean \"proxy_port\"?")]
    [InlineData("""{ "prefix": {} }""", "config.json, line 1: prefix: unknown key; did you mean \"prefixes\"?")]
    [InlineData(
        """{ "capacity": 1 }""",
        "config.json, line 1: capacity: unknown key; did you mean \"capacity\" inside \"queue\": { … }?")]
    [InlineData(
        """{ "kv.directory": "x" }""",
        "config.json, line 1: kv.directory: unknown key; did you mean \"directory\" inside \"kv\": { … }?")]
    [InlineData("""{ "timeout": {} }""", "config.json, line 1: timeout: unknown key; did you mean \"timeouts\"?")]
    [InlineData(
        """{ "kv": { "zzz": 1 } }""",
        "config.json, line 1: kv.zzz: unknown key; "
        + "the keys here are enabled, directory, save, min_tokens, idle_save_seconds, max_write_per_hour, max_age_days, max_bytes, "
        + "max_snapshots, min_free_bytes, domain_header")]
    [InlineData("""{ "weather": {} }""", "config.json, line 1: weather: unknown key; config.example.json shows every key")]
    [InlineData(
        """{ "plugins": [] }""",
        "config.json, line 1: plugins is an array; expected an object, e.g. { \"Bioproxy.Rag\": { \"folders\": [\"/home/me/notes\"] } }")]
    [InlineData("""{ "plugins": { "Rag": 1 } }""", "config.json, line 1: plugins.Rag is 1; expected an object with the plugin's settings")]
    [InlineData(
        """{ "plugins": { "Rag": null } }""",
        "config.json, line 1: plugins.Rag is null; expected an object with the plugin's settings")]
    [InlineData(
        """{ "plugins": { "Rag": {}, "rag": {} } }""",
        "config.json, line 1: plugins.rag is an object; "
        + "expected one object for each plugin; names that differ in case only are the same plugin")]
    [InlineData(
        """{ "agents": ["rag", 1] }""",
        "config.json, line 1: agents is an array; expected an array of commands, e.g. [\"rag\", \"parallel\"], or null for all")]
    [InlineData(
        """{ "agents": ["/"] }""",
        "config.json, line 1: agents is an array; expected an array of commands, e.g. [\"rag\", \"parallel\"], or null for all")]
    [InlineData(
        """{ "agents": "rag" }""",
        "config.json, line 1: agents is \"rag\"; expected an array of commands, e.g. [\"rag\", \"parallel\"], or null for all")]
    [InlineData(
        """{ "proxy_port": 1, "proxy_port": 2 }""",
        "config.json, line 1: proxy_port: given twice; the first is at config.json, line 1")]
    [InlineData(
        """{ "kv": { "enabled": true, "enabled": true } }""",
        "config.json, line 1: kv.enabled: given twice; the first is at config.json, line 1")]
    [InlineData(
        """{ "proxy_port": 8089 }""",
        "config.json, line 1: admin_port is 8089; expected a port other than proxy_port, which is 8089 on the same host")]
    [InlineData(
        """{ "proxy_port": 8081 }""",
        "config.json, line 1: backend_url is \"http://localhost:8081\"; "
        + "expected the address of llama-server; this is the proxy itself (proxy_host, proxy_port)")]
    [InlineData(
        """{ "admin_port": 8081 }""",
        "config.json, line 1: backend_url is \"http://localhost:8081\"; "
        + "expected the address of llama-server; this is the proxy's admin port itself (admin_host, admin_port)")]
    [InlineData(
        """{ "allow_open": true, "proxy_host": "192.168.1.2", "backend_url": "http://192.168.1.2:8088" }""",
        "config.json, line 1: backend_url is \"http://192.168.1.2:8088\"; "
        + "expected the address of llama-server; this is the proxy itself (proxy_host, proxy_port)")]
    [InlineData(
        """{ "allow_open": true, "proxy_host": "0.0.0.0", "admin_port": 8088 }""",
        "config.json, line 1: admin_port is 8088; "
        + "expected a port other than proxy_port, which is 8088 on 0.0.0.0, which shares an address with localhost")]
    [InlineData("[]", "config.json, line 1: expected an object: { \"key\": value, … }")]
    [InlineData(" ", "config.json: the file is empty; write {} to keep every default")]
    public void Load_OneMistake_OneReadableLine(string json, string line) => Assert.Equal([line], _folder.Errors(json));

    [Fact]
    public void Load_ManyMistakes_AllReportedWithTheirPlaces()
    {
        _folder.Environment["BIOPROXY_QUEUE_CAPACITY"] = "many";
        _folder.Overrides["admin_port"] = "8o89";

        var errors = _folder.Errors("""
            {
              // a comment
              "proxy_port": "x",
              "kv": {
                "enabeld": true,
                "enabled": 1,
              },
            }
            """);

        Assert.Equal(
            [
                "config.json, line 3: proxy_port is \"x\"; expected a whole number from 0 to 65535 (0 = a free port)",
                "config.json, line 5: kv.enabeld: unknown key; did you mean \"enabled\" inside \"kv\": { … }?",
                "config.json, line 6: kv.enabled is 1; expected true or false",
                "BIOPROXY_QUEUE_CAPACITY: queue.capacity is \"many\"; expected a whole number from 1 to 1024",
                "--admin-port: admin_port is \"8o89\"; expected a whole number from 0 to 65535 (0 = a free port)",
            ],
            errors);
    }

    [Theory]
    [InlineData(
        "{\n  \"proxy_port\" 8080\n}",
        "config.json, line 2, column 16: not valid JSON: '8' is invalid after a property name. Expected a ':'.")]
    [InlineData(
        "{\n /* äöü */ x }",
        "config.json, line 2, column 12: not valid JSON: 'x' is an invalid start of a property name. Expected a '\"'.")]
    [InlineData(
        "{ \"proxy_host\": \"\\ud800\" }",
        "config.json, line 1, column 17: not valid JSON: an escape sequence is not a valid character.")]
    public void Load_BrokenJson_NamesLineAndColumn(string json, string line) => Assert.Equal([line], _folder.Errors(json));

    [Theory]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("{ \"proxy_port\": 1 ")]
    [InlineData("{ \"proxy_host\": \"a")]
    [InlineData("nul")]
    public void Load_AnyBrokenJson_IsOneError(string json) => Assert.Contains(": not valid JSON: ", Assert.Single(_folder.Errors(json)));

    [Fact]
    public void Load_NotUtf8_IsOneError()
    {
        File.WriteAllBytes(_folder.ConfigFile, [.. "{\n\"proxy_host\": \""u8, 0xe4, .. "\"}"u8]);

        Assert.Equal(
            ["config.json, line 2: not valid UTF-8; save the file in that encoding"],
            _folder.Errors(configPath: _folder.ConfigFile));
    }

    [Fact]
    public void Load_ByteOrderMark_IsSkipped()
    {
        File.WriteAllBytes(_folder.ConfigFile, [0xef, 0xbb, 0xbf, .. "{ \"proxy_port\": 5 }"u8]);

        Assert.Equal(5, _folder.Valid(configPath: _folder.ConfigFile).ProxyPort);
    }

    [Theory]
    [InlineData("localhost", "127.0.0.1")]
    [InlineData("0.0.0.0", "localhost")]
    [InlineData("LOCALHOST", "::1")]
    [InlineData("127.0.0.1", "localhost")]
    [InlineData("example.org", "example.org")]
    [InlineData("::", "127.0.0.1")]
    [InlineData("127.0.0.1", "0.0.0.0")]
    [InlineData("::1", "0:0:0:0:0:0:0:1")]
    public void Load_PortsEqualOnOverlappingHosts_IsAnError(string proxy, string admin)
    {
        OpenToEverybody();
        _folder.Environment["BIOPROXY_ADMIN_PORT"] = "7000";
        Assert.StartsWith(
            "BIOPROXY_ADMIN_PORT: admin_port is 7000;",
            Assert.Single(_folder.Errors($$"""{ "proxy_host": "{{proxy}}", "admin_host": "{{admin}}", "proxy_port": 7000 }""")),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "proxy_port": 0, "admin_port": 0 }""")]
    [InlineData("""{ "proxy_host": "127.0.0.1", "admin_host": "192.168.1.2", "proxy_port": 7000, "admin_port": 7000 }""")]
    [InlineData("""{ "proxy_host": "127.0.0.1", "admin_host": "127.0.0.2", "proxy_port": 7000, "admin_port": 7000 }""")]
    [InlineData("""{ "proxy_host": "127.0.0.1", "admin_host": "::1", "proxy_port": 7000, "admin_port": 7000 }""")]
    [InlineData("""{ "proxy_host": "a.example", "admin_host": "b.example", "proxy_port": 7000, "admin_port": 7000 }""")]
    [InlineData("""{ "proxy_host": "127.0.0.1", "proxy_port": 7000, "backend_url": "http://127.0.0.2:7000" }""")]
    [InlineData("""{ "proxy_port": 7000, "backend_url": "http://gpu:7000" }""")]
    public void Load_PortsThatDoNotCollide_AreAccepted(string json)
    {
        OpenToEverybody();
        _folder.Valid(json);
    }

    [Fact]
    public void Load_Prefixes_KeepTheirOrderAndExtendTheRoots()
    {
        var first = _folder.Write("templates/b.txt", "");
        var second = _folder.Write("home/deep/a.md", "");

        var options = _folder.Valid(
            """{ "prefixes": { "@z": "templates/b.txt", "@a": "~/deep/a.md" }, "template_roots": ["home", "templates"] }""");

        Assert.Equal([new("@z", first), new("@a", second)], options.Prefixes);
        Assert.Equal(
            [_folder.Folder, _folder.Home, Path.Combine(_folder.Folder, "templates"), Path.Combine(_folder.Home, "deep")],
            options.TemplateRoots);
        Assert.Equal(_folder.Folder, options.BaseDirectory);
    }

    [Fact]
    public void Load_EmptyVariable_CountsAsNotSet()
    {
        _folder.Environment["BIOPROXY_PROXY_PORT"] = "";
        _folder.Environment["BIOPROXY_CONFIG"] = "";

        Assert.Equal(8088, _folder.Valid().ProxyPort);
    }

    private void OpenToEverybody()
    {
        _folder.Environment["BIOPROXY_ALLOW_OPEN"] = "true";
        _folder.Environment["BIOPROXY_ADMIN_KEY"] = "the key of the admin";
    }
}
