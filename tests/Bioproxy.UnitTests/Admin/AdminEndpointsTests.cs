using System.Text;
using System.Text.Json;
using Bioproxy.Host.Admin;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Models.Slots;
using Bioproxy.Host.Models.Snapshots;
using Bioproxy.Host.Plugins;
using Bioproxy.Host.Prompts;
using Bioproxy.Host.Requests;
using Bioproxy.Host.Templates;
using Bioproxy.Host.WarmUp;

namespace Bioproxy.UnitTests.Admin;

public sealed class AdminEndpointsTests : IAsyncDisposable
{
    private readonly AdminFixture _admin = new();

    public ValueTask DisposeAsync() => _admin.DisposeAsync();

    [Fact]
    public async Task Health_BackendNotAskedYet_Is503WithTheSameShape()
    {
        var (status, health) = await _admin.AskJsonAsync("/health");

        Assert.Equal(503, status);
        Assert.Equal("down", Text(health, "status"));
        Assert.Equal("unknown", Text(health, "backend", "status"));
        Assert.Equal(JsonValueKind.Null, health.GetProperty("backend").GetProperty("slots").ValueKind);
        Assert.Contains("not asked yet", health.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_BackendLoading_Is503AndSaysSo()
    {
        _admin.State.Backend = new(FakeProxyState.Url, BackendStatus.Loading, "Loading model", null);

        var (status, health) = await _admin.AskJsonAsync("/health");

        Assert.Equal(503, status);
        Assert.Equal("loading", Text(health, "backend", "status"));
        Assert.Equal("The backend is loading its model: Loading model", health.GetProperty("problems")[0].GetString());
    }

    [Fact]
    public async Task Health_EverythingWorks_IsOk()
    {
        _admin.State.SetReady();
        _admin.Clock.Advance(TimeSpan.FromSeconds(90.5));
        _admin.State.WarmUps =
        [
            WarmUpStatus.Initial("@code") with { State = WarmUpState.Warm },
            WarmUpStatus.Initial("@b") with { State = WarmUpState.NotCacheable, Problem = "only 3 tokens" },
        ];

        var (response, body) = await _admin.AskAsync("/health");
        using var document = JsonDocument.Parse(body);
        var health = document.RootElement;

        Assert.Equal(200, response.StatusCode);
        Assert.Equal("application/json", response.ContentType);
        Assert.Equal("no-store", response.Headers.CacheControl);
        Assert.Equal("ok", Text(health, "status"));
        Assert.StartsWith("0.", Text(health, "version"), StringComparison.Ordinal);
        Assert.Equal(90.5, health.GetProperty("uptime_seconds").GetDouble());
        Assert.Equal("tiny", Text(health, "backend", "model"));
        Assert.Equal(2, health.GetProperty("backend").GetProperty("slots").GetInt32());
        Assert.Equal(
            """[{"prefix":"@code","warm":true,"state":"warm"},{"prefix":"@b","warm":false,"state":"not_cacheable"}]""",
            Compact(health.GetProperty("templates")));
        Assert.Equal("[]", Compact(health.GetProperty("problems")));
    }

    [Fact]
    public async Task Health_NoSlotFolder_IsDegradedAndNamesTheFlag()
    {
        _admin.State.SetReady();
        _admin.State.Backend = _admin.State.Backend with
        {
            Model = FakeProxyState.Model with { Missing = "start it with --slot-save-path" },
        };

        var (status, health) = await _admin.AskJsonAsync("/health");

        Assert.Equal(200, status);
        Assert.Equal("degraded", Text(health, "status"));
        Assert.Contains("--slot-save-path", Text(health, "backend", "missing"), StringComparison.Ordinal);
        Assert.Contains("--slot-save-path", health.GetProperty("problems")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_BackendAway_IsStill200()
    {
        _admin.State.Backend = new(FakeProxyState.Url, BackendStatus.Unreachable, "connection refused", null);

        var (status, json) = await _admin.AskJsonAsync("/status");

        Assert.Equal(200, status);
        Assert.Equal("unreachable", Text(json, "backend", "status"));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("backend").GetProperty("facts").ValueKind);
        Assert.Equal("[]", Compact(json.GetProperty("slots")));
    }

    [Fact]
    public async Task Status_BackendReady_TellsFactsIdentityAndAddresses()
    {
        _admin.State.SetReady();

        var (_, status) = await _admin.AskJsonAsync("/status");

        var backend = status.GetProperty("backend");
        Assert.Equal("""["http://127.0.0.1:8088/"]""", Compact(status.GetProperty("addresses")));
        Assert.Equal("fingerprint", Text(backend, "identity"));
        Assert.Equal(1, backend.GetProperty("instance").GetInt32());
        Assert.Equal("b1-test", Text(backend, "facts", "build"));
        Assert.Equal(8192, backend.GetProperty("facts").GetProperty("context_per_slot").GetInt32());
        Assert.True(backend.GetProperty("facts").GetProperty("can_save_slots").GetBoolean());
        Assert.Equal("""{"enabled":true,"reason":null}""", Compact(status.GetProperty("restoring")));
        Assert.Equal(
            """{"capacity":2,"used":0,"interactive":{"waiting":0,"active":0},"batch":{"waiting":0,"active":0}"""
            + ""","warm_up":{"waiting":0,"active":0}}""",
            Compact(status.GetProperty("queue")));
    }

    [Fact]
    public async Task Status_SlotsAtWork_TellWhatTheyHold()
    {
        _admin.State.SetReady();
        _admin.State.Slots =
        [
            new(0, IsBusy: true, new SlotHolding(SlotKind.Template, "@code", 3000), Tokens: 5, IsSaved: true),
            new(1, IsBusy: false, new SlotHolding(SlotKind.Conversation, null, 10), Tokens: 5, IsSaved: false)
            {
                Conversation = "s-1",
                Turns = 3,
            },
        ];

        var (_, status) = await _admin.AskJsonAsync("/status");

        Assert.Equal(
            """[{"id":0,"busy":true,"kind":"template","prefix":"@code","text_bytes":3000,"tokens":5,"saved":true,"conversation":"""
            + """null,"turns":0},"""
            + """{"id":1,"busy":false,"kind":"conversation","prefix":null,"text_bytes":10,"tokens":5,"saved":false,"conversation":"""
            + "\"s-1\",\"turns\":3}]",
            Compact(status.GetProperty("slots")));
    }

    [Fact]
    public async Task Status_TemplatesSnapshotsPluginsRestores_AreAllThere()
    {
        _admin.State.SetReady();
        var now = _admin.Clock.GetUtcNow();
        _admin.State.Snapshots = [new("file-a.bin", "@code", "fingerprint", FitsModel: true, 1000, 4000, now)];
        _admin.State.Quarantined = ["file-b.bin: its file is gone"];
        _admin.State.Restores = [new(now, "@code", 1000, 1000, "effective"), new(now, "@code", 1000, null, "failed")];
        _admin.State.Templates = [new TemplateStatus("@code", "templates/code.txt", null, null, "no engine renders .txt")];
        _admin.State.WarmUps =
        [
            new WarmUpStatus("@code", WarmUpState.Running, 1300, 1000, "h", null, TimeSpan.FromSeconds(2.5), 0.25, null),
        ];
        _admin.State.Plugins =
        [
            new PluginStatus
            {
                Name = "Shout", Path = "plugins/Shout", Version = "1.2", Api = "9.0", State = PluginState.NotSupported,
                Exports = ["transform: shout (order 5, /shout)"], Commands = ["shout"], Problem = "built for API 9",
                LastError = new PluginError(_admin.Clock.GetUtcNow(), "shout", "it failed"),
            },
        ];

        var (_, status) = await _admin.AskJsonAsync("/status");

        var template = status.GetProperty("templates")[0];
        Assert.Equal("running", Text(template, "state"));
        Assert.Equal(1300, template.GetProperty("tokens").GetInt32());
        Assert.Equal(76.9, template.GetProperty("cacheable_percent").GetDouble());
        Assert.Equal(0.25, template.GetProperty("progress").GetDouble());
        Assert.Equal(2.5, template.GetProperty("duration_seconds").GetDouble());
        Assert.EndsWith("code.txt", Text(template, "path"), StringComparison.Ordinal);
        Assert.Contains("engine", Text(template, "problem"), StringComparison.Ordinal); // the file's problem comes first
        Assert.Equal(
            """[{"file":"file-a.bin","prefix":"@code","identity":"fingerprint","fits_model":true,"tokens":1000,"bytes":4000"""
            + ""","created":"2030-01-01T00:00:00+00:00"}]""",
            Compact(status.GetProperty("snapshots")));
        Assert.Equal("""["file-b.bin: its file is gone"]""", Compact(status.GetProperty("quarantined")));
        Assert.Equal(
            """[{"name":"Shout","version":"1.2","api":"9.0","state":"not_supported","path":"plugins/Shout","exports":"""
            + """["transform: shout (order 5, /shout)"],"commands":["shout"],"problem":"built for API 9","notes":[]"""
            + ""","loaded_at":null,"calls":0,"errors":0,"last_error":"""
            + """{"at":"2030-01-01T00:00:00+00:00","export":"shout","message":"it failed"}}]""",
            Compact(status.GetProperty("plugins")));
        Assert.Equal(
            """[{"at":"2030-01-01T00:00:00+00:00","prefix":"@code","promised_tokens":1000,"reused_tokens":1000,"status":"effective"},"""
            + """{"at":"2030-01-01T00:00:00+00:00","prefix":"@code","promised_tokens":1000,"reused_tokens":null,"status":"failed"}]""",
            Compact(status.GetProperty("restores")));
    }

    [Fact]
    public async Task Status_RestoresWithoutEffect_SaysWhyRestoringIsOff()
    {
        _admin.State.SetReady();
        _admin.State.RestoreDisabledReason = "2 restores of up to 1000 tokens reused none of them";

        var (_, status) = await _admin.AskJsonAsync("/status");
        var (_, health) = await _admin.AskJsonAsync("/health");

        Assert.False(status.GetProperty("restoring").GetProperty("enabled").GetBoolean());
        Assert.Contains("reused none", Text(status, "restoring", "reason"), StringComparison.Ordinal);
        Assert.Equal("degraded", Text(health, "status"));
    }

    [Fact]
    public async Task Metrics_StateOfOthers_IsReadAtEachScrape()
    {
        var (_, before) = await _admin.AskAsync("/metrics");
        _admin.State.SetReady();
        _admin.State.Snapshots = [new("file-a.bin", "@code", "fingerprint", FitsModel: true, 1000, 4000, _admin.Clock.GetUtcNow())];
        _admin.State.WarmUps = [WarmUpStatus.Initial("@code") with { State = WarmUpState.Warm }, WarmUpStatus.Initial("@b")];
        var holding = new SlotHolding(SlotKind.Unknown, null, 0);
        _admin.State.Slots = [new(0, IsBusy: true, holding, null, false), new(1, IsBusy: false, holding, null, false)];
        _admin.State.Queue = new(2, 2, [new("interactive", 1, 2), new("batch", 0, 0), new("warm-up", 0, 0)]);

        var (response, after) = await _admin.AskAsync("/metrics");

        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", response.ContentType);
        Assert.Contains("bioproxy_backend_up 0\n", before, StringComparison.Ordinal);
        foreach (var sample in new[]
        {
            "bioproxy_backend_up 1", "bioproxy_queue_length{lane=\"interactive\"} 1",
            "bioproxy_queue_length{lane=\"batch\"} 0", "bioproxy_queue_length{lane=\"warm-up\"} 0",
            "bioproxy_slots{state=\"busy\"} 1", "bioproxy_slots{state=\"free\"} 1", "bioproxy_snapshots 1",
            "bioproxy_template_warm{prefix=\"@code\"} 1", "bioproxy_template_warm{prefix=\"@b\"} 0",
        })
            Assert.Contains($"\n{sample}\n", after, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Root_ListsTheEndpoints()
    {
        var (response, body) = await _admin.AskAsync("/");

        Assert.Equal(200, response.StatusCode);
        Assert.StartsWith("text/plain", response.ContentType, StringComparison.Ordinal);
        foreach (var path in new[] { "/health", "/metrics", "/status" })
            Assert.Contains(path, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", "/v1/models", 404, "not_found")]
    [InlineData("GET", "/health/", 404, "not_found")]
    [InlineData("GET", "/kv/none.bin", 404, "not_found")]
    [InlineData("GET", "/kv/gc", 404, "not_found")]
    [InlineData("GET", "/explain/none", 404, "not_found")]
    [InlineData("POST", "/kv/drop", 415, "unsupported_media_type")]
    [InlineData("POST", "/kv/gc", 415, "unsupported_media_type")]
    [InlineData("POST", "/kv", 405, "method_not_allowed")]
    [InlineData("POST", "/kv/a.bin", 405, "method_not_allowed")]
    [InlineData("POST", "/explain/none", 405, "method_not_allowed")]
    [InlineData("POST", "/status", 405, "method_not_allowed")]
    [InlineData("DELETE", "/nothing", 405, "method_not_allowed")]
    public async Task Anything_Else_IsAnErrorOfOurOwn(string method, string path, int status, string code)
    {
        var (response, body) = await _admin.AskAsync(path, method);
        using var document = JsonDocument.Parse(body);
        var error = document.RootElement.GetProperty("error");

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == 405 ? "GET, HEAD" : "", response.Headers.Allow.ToString());
        Assert.Equal(["message", "type", "param", "code", "src"], error.EnumerateObject().Select(member => member.Name));
        Assert.Equal(code, Text(error, "code"));
        Assert.Equal("bioproxy", Text(error, "src"));
    }

    [Theory]
    [InlineData("/health", 503)]
    [InlineData("/status", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/", 200)]
    public async Task Head_AnyView_HasTheLengthAndNoBody(string path, int status)
    {
        var (response, body) = await _admin.AskAsync(path, "HEAD");

        Assert.Equal(status, response.StatusCode);
        Assert.True(response.ContentLength > 0);
        Assert.Equal("", body);
    }

    [Fact]
    public async Task Kv_SnapshotsThere_AreListedAndShown()
    {
        _admin.State.SetReady();
        _admin.Snapshots.Add(Saved("a.bin", "@code", PromptChain.Of("template"u8)));
        _admin.Snapshots.Add(Saved("b.bin", "", PromptChain.Of("conversation"u8)) with
        {
            Domain = "ada",
            PromptTokens = 900,
            Turns = 2,
            Created = _admin.Clock.GetUtcNow().AddHours(1),
        });

        var (_, list) = await _admin.AskJsonAsync("/kv");
        var (status, one) = await _admin.AskJsonAsync("/kv/b.bin");

        Assert.Equal((2, 8000), (list.GetProperty("count").GetInt32(), list.GetProperty("bytes").GetInt64()));
        Assert.Equal(["b.bin", "a.bin"], list.GetProperty("snapshots").EnumerateArray().Select(s => Text(s, "file")));
        Assert.Equal([false, true], list.GetProperty("snapshots").EnumerateArray().Select(s => s.GetProperty("pinned").GetBoolean()));
        var (turns, tokens) = (one.GetProperty("turns").GetInt32(), one.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal((200, "conversation", "ada", 2, 900), (status, Text(one, "label"), Text(one, "domain"), turns, tokens));
    }

    [Theory]
    [InlineData("file=b.bin", "b.bin")]
    [InlineData("domain=ada", "c.bin")]
    [InlineData("domain=key-of-bob", "d.bin")]
    [InlineData("domain=", null)]
    [InlineData("", null)]
    public async Task KvDrop_FileOrDomain_RemovesThatAlone(string query, string? gone)
    {
        _admin.State.SetReady();
        _admin.Snapshots.Add(Saved("a.bin", "@code", PromptChain.Of("template"u8)));
        _admin.Snapshots.Add(Saved("b.bin", "", PromptChain.Of("one"u8)));
        _admin.Snapshots.Add(Saved("c.bin", "", PromptChain.Of("two"u8)) with { Domain = "ada" });
        _admin.Snapshots.Add(Saved("d.bin", "", PromptChain.Of("three"u8)) with { Domain = Caller.DomainOf("key-of-bob", "") });
        await _admin.AskAsync("/kv/drop?" + query, "POST", "text/plain");
        Assert.Equal(4, _admin.Snapshots.Count);

        var (response, _) = await _admin.AskAsync("/kv/drop?" + query, "POST", "application/json; charset=utf-8");

        Assert.Equal(200, response.StatusCode);
        Assert.Equal(
            new[] { "a.bin", "b.bin", "c.bin", "d.bin" }.Where(file => file != gone),
            _admin.Snapshots.All.Select(s => s.File).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task KvGc_DryRunFirst_OnlyTells()
    {
        _admin.State.SetReady();
        var longAgo = _admin.Clock.GetUtcNow().AddDays(-40);
        _admin.Snapshots.Add(Saved("old.bin", "", PromptChain.Of("one"u8)) with { Created = longAgo });
        _admin.Snapshots.Add(Saved("pinned.bin", "@code", PromptChain.Of("two"u8)) with { Created = longAgo });

        var (_, dry) = await _admin.AskAsync("/kv/gc?dry_run=true", "POST", "application/json");
        Assert.Equal(2, _admin.Snapshots.Count);
        var (_, real) = await _admin.AskAsync("/kv/gc", "POST", "application/json");

        Assert.Contains("\"would_be_removed\"", dry, StringComparison.Ordinal);
        Assert.Contains("not used for 40 days (kv.max_age_days)", real, StringComparison.Ordinal);
        Assert.Equal(["pinned.bin"], _admin.Snapshots.All.Select(s => s.File));
    }

    [Fact]
    public async Task PluginsReload_NothingChanged_ReportsThat()
    {
        var (refused, _) = await _admin.AskAsync("/plugins/reload", "POST", "text/plain");
        var (response, body) = await _admin.AskAsync("/plugins/reload", "POST", "application/json");
        using var document = JsonDocument.Parse(body);

        Assert.Equal((415, 200), (refused.StatusCode, response.StatusCode));
        Assert.Equal("""{"loaded":[],"replaced":[],"removed":[],"failed":[],"plugins":[]}""", Compact(document.RootElement));
    }

    [Fact]
    public async Task Explain_KnownRequest_TellsThePlanAndTheDifference()
    {
        _admin.Explanations.Add(Cold with
        {
            Chosen = new PlanOption(PromptSource.Cold, 1, Tokens: 0, Seconds: 0.5, EvictionCost: 0),
            Rules = new Dictionary<string, int> { ["attribution"] = 1, ["tool_arguments"] = 3 },
            Difference = new PromptDifference(1024, "message 1 (system), its text", null),
        });

        var (status, json) = await _admin.AskJsonAsync("/explain/r1");

        Assert.Equal(
            (200, "r1", "compute it in slot 1: about 0 tokens reused, first token in about 0.500 s", "cold"),
            (status, Text(json, "request"), Text(json, "plan"), Text(json, "result")));
        Assert.Equal("""{"attribution":1,"tool_arguments":3}""", Compact(json.GetProperty("rules")));
        Assert.Equal("""{"position_bytes":1024,"where":"message 1 (system), its text"}""", Compact(json.GetProperty("first_difference")));
    }

    [Fact]
    public async Task Explain_LostPrefix_TellsWhatItCost()
    {
        _admin.Explanations.Add(Cold with
        {
            Conversation = new("cd34"),
            ConversationSource = "X-Session-Id",
            Side = SideKind.Beside,
            LostTokens = 900,
            LostSeconds = 1.8,
            Difference = Difference,
        });

        var (_, json) = await _admin.AskJsonAsync("/explain/r1");

        Assert.Equal(("cd34", "X-Session-Id"), (Text(json, "conversation"), Text(json, "conversation_source")));
        Assert.Equal("beside", Text(json, "side_request"));
        Assert.Equal((900, 1.8), (json.GetProperty("lost_tokens").GetInt32(), json.GetProperty("lost_seconds").GetDouble()));
        Assert.Equal(
            """{"position_bytes":40,"where":"message 1 (system), its text, line 2","line":2,"""
            + "\"cause\":\"current_date\",\"rule\":\"current_date\"}",
            Compact(json.GetProperty("first_difference")));
    }

    [Fact]
    public async Task Misses_None_IsTheSameShape()
    {
        var (status, json) = await _admin.AskJsonAsync("/misses");

        Assert.Equal(200, status);
        Assert.Equal("""{"misses":0,"lost_tokens":0,"lost_seconds":0,"clients":[],"last":[]}""", Compact(json));
    }

    [Fact]
    public async Task Misses_OfAClient_AreSummedUpByCause()
    {
        _admin.Explanations.Misses.Add(new Miss
        {
            Id = "r1",
            At = default,
            Client = "opencode",
            Domain = "ab12",
            Conversation = "cd34",
            Difference = Difference with { Excerpt = "29", Was = "28" },
            LostTokens = 900,
            LostSeconds = 1.8,
            PromptTokens = 1000,
            CachedTokens = 4,
        });

        var (_, json) = await _admin.AskJsonAsync("/misses");

        Assert.Equal(
            """[{"client":"opencode","key":"ab12","misses":1,"lost_tokens":900,"lost_seconds":1.8"""
            + ""","causes":[{"cause":"current_date","rule":"current_date","misses":1,"lost_tokens":900,"lost_seconds":1.8}]}]""",
            Compact(json.GetProperty("clients")));
        Assert.Equal(
            """{"request":"r1","at":"0001-01-01T00:00:00+00:00","client":"opencode","key":"ab12","conversation":"cd"""
            + """34","cause":"current_date","rule":"current_date","where":"message 1 (system), its text, line 2","line":2"""
            + ""","excerpt":"29","was":"28","prompt_tokens":1000,"cached_tokens":4,"lost_tokens":900,"lost_seconds":1.8}""",
            Compact(json.GetProperty("last")[0]));
    }

    private static Explanation Cold => new()
    {
        Id = "r1",
        At = default,
        Route = "chat",
        Lane = "interactive",
        Status = 200,
        Chosen = null,
        Result = "cold",
    };

    private static PromptDifference Difference => new(40, "message 1 (system), its text, line 2", null)
    {
        Line = 2,
        Role = "system",
        Cause = MissCause.CurrentDate,
    };

    private Snapshot Saved(string file, string prefix, PromptChain chain) =>
        new(file, prefix, AdminFixture.Model, 1000, "hash", 4000, _admin.Clock.GetUtcNow(), chain);

    private static string? Text(JsonElement json, params string[] path) =>
        path.Aggregate(json, (element, name) => element.GetProperty(name)).GetString();

    private static string Compact(JsonElement json)
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(stream, options))
            json.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
