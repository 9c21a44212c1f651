using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Bioproxy.Host.WarmUp;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>
/// Saves and restores that fail in every way: nothing hangs, no wrong state is used, the proxy keeps serving and reports the reason.
/// </summary>
public sealed class FakeKvTests(ITestOutputHelper output)
{
    private static readonly string Text = string.Concat(Enumerable.Range(0, 30).Select(i => $"Rule {i}: be kind to number {i}. "));
    private static readonly (string, string) Template = ("@code", Text + "\n<<message>>");
    private static readonly FakeBackendOptions OneSlot = new() { Slots = 1 };

    private static readonly Dictionary<string, FakeMisbehaviour> BadSaves = new()
    {
        { "500", FakeMisbehaviour.Answer(500) },
        { "saves nothing", FakeMisbehaviour.Reports(0) },
        { "saves less", FakeMisbehaviour.Reports(17) },
        { "garbage", FakeMisbehaviour.Garbage() },
        { "another shape", FakeMisbehaviour.Garbage("[]") },
        { "another type", FakeMisbehaviour.Garbage("{\"n_saved\":\"many\",\"n_written\":null}") },
        { "no answer", FakeMisbehaviour.Of(FakeWire.CloseBeforeAnyByte) },
        { "half an answer", FakeMisbehaviour.Of(FakeWire.ContentLengthTooLarge) },
    };

    public static TheoryData<string> BadSaveNames => new(BadSaves.Keys);

    [Theory]
    [MemberData(nameof(BadSaveNames))]
    public async Task Save_GoesWrong_IsNotUsedAndDoneAgain(string what)
    {
        var script = BadSaves[what];
        await using var backend = FakeBackend.Start(OneSlot);
        backend.Misbehave(r => Action(r) == "save" && !r.Text.Contains("..", StringComparison.Ordinal), script);
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress, templates: Template);

        await stage.WaitUntilWarmAsync("@code");

        var saves = backend.Requests.Where(r => Action(r) == "save" && !r.Text.Contains("..", StringComparison.Ordinal)).ToList();
        Assert.True(saves.Count >= 2, what);
        var snapshot = Assert.Single(stage.Snapshots("@code"));
        Assert.Equal(stage.Template("@code").CacheableTokens, snapshot.Tokens);
        await AssertRestoresAsync(stage, backend);
    }

    [Fact]
    public async Task Save_AlwaysFails_ProxyServesAndSaysSo()
    {
        await using var backend = FakeBackend.Start(OneSlot);
        for (var i = 0; i < 200; i++)
            backend.Misbehave(
                r => Action(r) == "save" && !r.Text.Contains("..", StringComparison.Ordinal), FakeMisbehaviour.Answer(500, "disk full"));
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress, templates: Template);
        await stage.WaitForTemplateAsync("@code", WarmUpState.Failed);

        await stage.AskAsync(FakeStage.Chat("@code question"));

        var template = (await stage.StatusAsync())["templates"]![0]!;
        await Eventually.TrueAsync(
            () => stage.Template("@code").Problem?.Contains("disk full", StringComparison.Ordinal) == true, FakeStage.Limit, "it says why");
        Assert.Empty(stage.Snapshots("@code"));
        Assert.False((bool)template["warm"]!);
        Assert.Contains(
            "bioproxy_warmup_errors_total{prefix=\"@code\",type=\"save\"}", await stage.MetricsAsync(), StringComparison.Ordinal);
    }

    private static readonly Dictionary<string, FakeMisbehaviour> BadRestores = new()
    {
        { "400", FakeMisbehaviour.Answer(400, "Unable to restore slot") },
        { "500", FakeMisbehaviour.Answer(500) },
        { "restores nothing", FakeMisbehaviour.Reports(0) },
        { "restores less", FakeMisbehaviour.Reports(100) },
        { "garbage", FakeMisbehaviour.Garbage() },
        { "another type", FakeMisbehaviour.Garbage("{\"n_restored\":[],\"n_read\":{}}") },
    };

    public static TheoryData<string> BadRestoreNames => new(BadRestores.Keys);

    [Theory]
    [MemberData(nameof(BadRestoreNames))]
    public async Task Restore_GoesWrong_RequestGoesOnColdAndSnapshotIsQuarantined(string what)
    {
        var script = BadRestores[what];
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        await stage.WaitUntilWarmAsync("@code");
        var first = Assert.Single(stage.Snapshots("@code"));
        await stage.AskAsync(FakeStage.Chat("something else that takes the slot"));
        stage.Backend.Misbehave(r => Action(r) == "restore", script);

        var (text, response) = await stage.AskAsync(FakeStage.Chat("@code question"));

        Assert.True(FakeStage.Header(response, "X-Bioproxy-Cache") == "cold", what);
        Assert.Equal(0, (int)JsonNode.Parse(text)!["timings"]!["cache_n"]!);
        await Eventually.TrueAsync(() => stage.Snapshots("@code").Any(s => s.Created > first.Created), FakeStage.Limit, "it was made anew");
        await stage.WaitUntilWarmAsync("@code");
        Assert.Contains("failed", (await stage.StatusAsync())["restores"]!.AsArray().Select(r => (string)r!["status"]!));
        await AssertRestoresAsync(stage, stage.Backend);
    }

    /// <summary>
    /// A lost answer says nothing about the file: the request continues. A reused connection that ends without a byte was closed before the
    /// backend saw the call, so the call is repeated once. Twice, and the server may have ended: the request is placed again, on what
    /// answers then.
    /// </summary>
    [Theory]
    [InlineData(nameof(FakeWire.CloseBeforeAnyByte), 1)]
    [InlineData(nameof(FakeWire.CloseBeforeAnyByte), 2)]
    [InlineData(nameof(FakeWire.ContentLengthTooLarge), 1)]
    public async Task Restore_ConnectionDies_RequestIsRestoredAllTheSame(string wire, int times)
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        await stage.WaitUntilWarmAsync("@code");
        await stage.AskAsync(FakeStage.Chat("something else that takes the slot"));
        for (var i = 0; i < times; i++)
            stage.Backend.Misbehave(r => Action(r) == "restore", FakeMisbehaviour.Of(Enum.Parse<FakeWire>(wire)));

        var (_, response) = await stage.AskAsync(FakeStage.Chat("@code question"));

        Assert.Equal("restored", FakeStage.Header(response, "X-Bioproxy-Cache"));
        await stage.WaitUntilKnownAsync();
        await stage.WaitUntilWarmAsync("@code");
        await AssertRestoresAsync(stage, stage.Backend);
    }

    [Fact]
    public async Task Restore_FileIsGoneOrDamaged_IsQuarantinedAndMadeAnew()
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, o => o with { KvSave = SaveMode.Never }, Template);
        foreach (var spoil in new Action<string>[] { stage.Backend.Files.Damage, stage.Backend.Files.Remove })
        {
            await stage.WaitUntilWarmAsync("@code");
            var before = Assert.Single(stage.Snapshots("@code"));
            spoil(before.File);
            await stage.AskAsync(FakeStage.Chat("something else that takes the slot"));

            var (_, response) = await stage.AskAsync(FakeStage.Chat("@code question"));

            Assert.Equal("cold", FakeStage.Header(response, "X-Bioproxy-Cache"));
            await Eventually.TrueAsync(
                () => stage.Snapshots("@code").Any(s => s.Created > before.Created), FakeStage.Limit, "it was made anew");
        }

        await stage.WaitUntilWarmAsync("@code");
        await AssertRestoresAsync(stage, stage.Backend);
    }

    /// <summary>Files that restore without an error but hold something else, as on a model that cannot continue a restored state.</summary>
    [Fact]
    public async Task Restores_WithoutEffect_AreSwitchedOffUntilTheModelChanges()
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        for (var i = 0; i < 2; i++)
        {
            await stage.WaitUntilWarmAsync("@code");
            await stage.WaitUntilIdleAsync();
            await stage.AskAsync(FakeStage.Chat($"something else that takes the slot, {i}"));
            foreach (var file in stage.Snapshots("@code"))
                stage.Backend.Files.Save(file.File, [.. Enumerable.Repeat(77, file.Tokens)], 1);

            var (text, response) = await stage.AskAsync(FakeStage.Chat($"@code question {i}"));

            Assert.Equal("ineffective", FakeStage.Header(response, "X-Bioproxy-Cache"));
            Assert.Equal(0, (int)JsonNode.Parse(text)!["timings"]!["cache_n"]!);
            await Eventually.TrueAsync(
                async () => (await StatusesAsync(stage)).Count(s => s == "none") == i + 1 && stage.App.Snapshots.Quarantined.Count == i + 1,
                FakeStage.Limit,
                "it was judged and quarantined");
        }

        await Eventually.TrueAsync(
            async () => !(bool)(await stage.StatusAsync())["restoring"]!["enabled"]!, FakeStage.Limit, "it is switched off");
        Assert.Contains("reused none", (string)(await stage.StatusAsync())["restoring"]!["reason"]!, StringComparison.Ordinal);
        await stage.WaitUntilIdleAsync();
        await stage.AskAsync(FakeStage.Chat("something else again"));
        var restores = stage.Backend.Requests.Count(r => Action(r) == "restore");
        var (_, third) = await stage.AskAsync(FakeStage.Chat("@code a third question"));
        Assert.NotEqual("restored", FakeStage.Header(third, "X-Bioproxy-Cache"));
        Assert.Equal(restores, stage.Backend.Requests.Count(r => Action(r) == "restore"));

        var identity = stage.Identity;
        stage.Backend.Restart(o => o with { WeightsSeed = 2 });
        await Eventually.TrueAsync(() => stage.Identity is { } now && now != identity, FakeStage.Limit, "the other model is recognised");

        Assert.True((bool)(await stage.StatusAsync())["restoring"]!["enabled"]!);
        await stage.WaitUntilWarmAsync("@code");
        await AssertRestoresAsync(stage, stage.Backend);
    }

    [Theory]
    [InlineData("/props", "{\"slots\":[not json")]
    [InlineData("/props", "[1,2,3]")]
    [InlineData("/props", "{\"total_slots\":\"2\",\"media_marker\":7,\"default_generation_settings\":[]}")]
    [InlineData("/props", "{\"total_slots\":-3,\"model_path\":{}}")]
    [InlineData("/slots", "{\"slots\":[not json")]
    [InlineData("/slots", "[1]")]
    [InlineData("/slots", "{}")]
    [InlineData("/slots", "[{\"id\":\"0\",\"is_processing\":7}]")]
    [InlineData("/slots", "[{\"id\":99,\"is_processing\":true,\"id_task\":null}]")]
    [InlineData("/lora-adapters", "nothing")]
    [InlineData("/v1/models", "{\"data\":7}")]
    public async Task ControlAnswer_Garbage_ProxyServes(string path, string garbage)
    {
        await using var backend = FakeBackend.Start(OneSlot);
        for (var i = 0; i < 500; i++)
            backend.Misbehave(r => r.Is("GET", path) && !r.Headers.Any(h => h.Key == "X-Client"), FakeMisbehaviour.Garbage(garbage));
        await using var stage = await FakeStage.StartAsync(output, backend.BaseAddress, templates: Template);

        for (var i = 0; i < 3; i++)
        {
            var (text, _) = await stage.AskAsync(FakeStage.Chat($"@code question {i}"));
            Assert.NotNull(JsonNode.Parse(text)!["choices"]);
        }

        await stage.AskAsync(FakeStage.Chat("plain", "\"stream\":true,"));
        await stage.WaitUntilIdleAsync(TimeSpan.FromSeconds(8));
        Assert.Equal(0, backend.SlotCollisions);
        Assert.DoesNotContain(
            stage.Log, l => l.Contains("by a bug", StringComparison.Ordinal) || l.Contains("; it goes on", StringComparison.Ordinal));
    }

    /// <summary>A snapshot that was good and is damaged while the proxy serves.</summary>
    [Theory]
    [InlineData("/slots", "[1]")]
    [InlineData("/slots", "[]")]
    [InlineData("/slots", "[{\"id\":99,\"is_processing\":true}]")]
    [InlineData("/props", "{}")]
    public async Task ControlAnswer_TurnsGarbage_ProxyServes(string path, string garbage)
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        await stage.WaitUntilWarmAsync("@code");
        for (var i = 0; i < 300; i++)
            stage.Backend.Misbehave(r => r.Is("GET", path), FakeMisbehaviour.Garbage(garbage));

        for (var i = 0; i < 3; i++)
        {
            await stage.AskAsync(FakeStage.Chat($"@code question {i}"));
            await stage.AskAsync(FakeStage.Chat($"plain question {i}"));
        }

        await stage.WaitUntilIdleAsync();
        Assert.Equal(0, stage.Backend.Violations.PoisonedReuses);
        Assert.DoesNotContain(
            stage.Log, l => l.Contains("by a bug", StringComparison.Ordinal) || l.Contains("; it goes on", StringComparison.Ordinal));
    }

    private static readonly Dictionary<string, (FakeBackendOptions Options, string Word)> Missing = new()
    {
        ["no slot list"] = (new() { HasSlots = false }, "--no-slots"),
        ["no slot actions"] = (new() { CanSave = false }, "--slot-save-path"),
        ["foreign"] = (new() { Slots = 0 }, "not a llama-server"),
    };

    public static TheoryData<string> MissingNames => new(Missing.Keys);

    [Theory]
    [MemberData(nameof(MissingNames))]
    public async Task Backend_LacksSomething_ProxyServesAndStatusSaysWhich(string what)
    {
        var (options, word) = Missing[what];
        await using var stage = await FakeStage.StartAsync(output, options, templates: Template);

        for (var i = 0; i < 3; i++)
            await stage.AskAsync(FakeStage.Chat($"@code question {i}"));

        Assert.All(stage.Chats, r => Assert.Contains("Rule 29", r.Text, StringComparison.Ordinal));
        Assert.Contains(word, (string)(await stage.StatusAsync())["backend"]!["facts"]!["missing"]!, StringComparison.Ordinal);
        Assert.Contains(stage.Log, l => l.Contains(word, StringComparison.Ordinal) && l.Contains("Warning", StringComparison.Ordinal));
        using var health = await stage.Admin.GetAsync(new Uri("/health", UriKind.Relative)).WaitAsync(FakeStage.Limit);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.DoesNotContain(stage.Backend.Requests, r => Action(r) == "restore");
        Assert.True(stage.Template("@code").State != WarmUpState.Warm, what);
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task Backend_CannotSave_TemplateIsComputedAndHot()
    {
        await using var stage = await FakeStage.StartAsync(output, new FakeBackendOptions { CanSave = false }, templates: Template);
        await stage.WaitForTemplateAsync("@code", WarmUpState.Computed);
        await stage.WaitUntilIdleAsync();

        var (text, response) = await stage.AskAsync(FakeStage.Chat("@code question"));

        Assert.Equal("hot", FakeStage.Header(response, "X-Bioproxy-Cache"));
        Assert.Equal(stage.Template("@code").CacheableTokens, (int)JsonNode.Parse(text)!["timings"]!["cache_n"]!);
    }

    [Fact]
    public async Task Backend_OtherWeightsBehindTheSameName_NothingOfTheOldOnesIsUsed()
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        await stage.WaitUntilWarmAsync("@code");
        var identity = stage.Identity;

        stage.Backend.Restart(o => o with { WeightsSeed = 2 });
        var (text, _) = await stage.AskAsync(FakeStage.Chat("@code question"));

        // Recognising the new weights may have left the first token of every prompt in the slot, computed by them.
        Assert.InRange((int)JsonNode.Parse(text)!["timings"]!["cache_n"]!, 0, 1);
        Assert.Equal(0, stage.Backend.Violations.PoisonedReuses);
        await Eventually.TrueAsync(() => stage.Identity is { } now && now != identity, FakeStage.Limit, "the other model is recognised");
        await stage.WaitUntilWarmAsync("@code");
        await AssertRestoresAsync(stage, stage.Backend);
    }

    [Fact]
    public async Task Backend_RestartsWithTheSameWeights_IsRestoredAndNotComputedAgain()
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        await stage.WaitUntilWarmAsync("@code");
        var evaluations = stage.Backend.Requests.Count(
            r => r.Text.Contains("\"n_predict\":0", StringComparison.Ordinal) && r.Body.Length > 1000);

        stage.Backend.Restart();
        await Eventually.TrueAsync(
            () => stage.App.Model.Current.Number > 0 && stage.Identity is not null, FakeStage.Limit, "it is recognised again");
        await stage.RestartProxyAsync();
        await stage.WaitUntilWarmAsync("@code");

        await AssertRestoresAsync(stage, stage.Backend);
        Assert.Equal(evaluations, stage.Backend.Requests.Count(
            r => r.Text.Contains("\"n_predict\":0", StringComparison.Ordinal) && r.Body.Length > 1000));
    }

    [Fact]
    public async Task Backend_RestartsDuringARestore_RequestIsPlacedAgainOnItsSuccessor()
    {
        await using var stage = await FakeStage.StartAsync(output, OneSlot, templates: Template);
        await stage.WaitUntilWarmAsync("@code");
        await stage.WaitUntilIdleAsync();
        await stage.AskAsync(FakeStage.Chat("something else"));
        using var gate = new FakeGate();
        stage.Backend.Misbehave(r => Action(r) == "restore", FakeMisbehaviour.NeverAnswer(gate));

        var asking = stage.AskAsync(FakeStage.Chat("@code question"));
        await gate.Reached.WaitAsync(FakeStage.Limit);
        stage.Backend.Restart();
        var (_, response) = await asking;

        Assert.Equal("restored", FakeStage.Header(response, "X-Bioproxy-Cache"));
        Assert.Equal(0, stage.Backend.SlotCollisions);
    }

    private static string? Action(FakeRequest request) =>
        request.Method == "POST" && request.Path.StartsWith("/slots/", StringComparison.Ordinal)
            && request.Target.Split("action=") is [_, var action] ? action : null;

    private static async Task<List<string>> StatusesAsync(FakeStage stage) =>
        [.. (await stage.StatusAsync())["restores"]!.AsArray().Select(r => (string)r!["status"]!)];

    /// <summary>Asserts that the template is restored with all its tokens after its slot was taken.</summary>
    private static async Task AssertRestoresAsync(FakeStage stage, FakeBackend backend)
    {
        await stage.WaitUntilIdleAsync();
        await stage.AskAsync(FakeStage.Chat("once more something else"));
        var (text, response) = await stage.AskAsync(FakeStage.Chat("@code the last question"));
        Assert.Equal("restored", FakeStage.Header(response, "X-Bioproxy-Cache"));
        Assert.InRange((int)JsonNode.Parse(text)!["timings"]!["cache_n"]!, stage.Template("@code").CacheableTokens, int.MaxValue);
        Assert.Equal(0, backend.Violations.PoisonedReuses);
        Assert.Equal(0, backend.SlotCollisions);
        await stage.WaitUntilIdleAsync();
    }
}
