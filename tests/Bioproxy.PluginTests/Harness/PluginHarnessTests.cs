using Bioproxy.Redactor;
using Bioproxy.Testing;

namespace Bioproxy.PluginTests.Harness;

public sealed class PluginHarnessTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chat_PluginEditsBothWays_BackendAndClientSeeIt(bool stream)
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [Fixture.Of("Versioned1")],
            Answer = static request => HarnessAnswer.Text($"You said: {request.Messages[^1].Text}", chunkSize: 3),
        });

        var result = await host.ChatAsync("hi", stream);

        Assert.Equal(200, result.Status);
        Assert.Equal(stream, result.IsStream);
        Assert.True(result.IsComplete);
        Assert.Equal("hi [in v1]", Assert.Single(Assert.Single(result.Backend).Messages).Text);
        Assert.Equal("You said: hi [in v1] [out v1]", result.Text);
        Assert.Equal(stream, result.Pieces.Count > 5);
        Assert.Empty(host.BackgroundRequests);
    }

    [Fact]
    public async Task Plugins_LoadedAsInProduction_StatusesSayWhat()
    {
        await using var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("Versioned1")] });

        await host.ChatAsync("hi");

        Assert.Equal(
            ["Bioproxy.Fixtures.Versioned", "Bioproxy.PrefixExpander", "Bioproxy.PrefixStabiliser"],
            host.Plugins.Select(plugin => plugin.Name));
        Assert.All(host.Plugins, plugin => Assert.True(plugin.IsActive, plugin.Problem));
        var versioned = host.Plugins[0];
        Assert.Equal("1.0.0", versioned.Version);
        Assert.Contains(versioned.Exports, export => export.Contains("versioned", StringComparison.Ordinal));
        Assert.True(versioned.Calls >= 1);
        Assert.Equal(0, versioned.Errors);
        Assert.Contains(host.Log, line => line.StartsWith("Debug PluginLoader: Plugin 'Bioproxy.Fixtures.Versioned' 1.0.0 loaded",
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task Settings_Given_PluginReadsThem()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [Fixture.Of("Settings")],
            Settings = { ["Bioproxy.Fixtures.Settings"] = """{ "greeting": "Hello,", "times": 2, /* twice */ }""" },
        });

        var result = await host.ChatAsync("world");

        Assert.Equal("Hello, Hello, world", result.Backend[0].Messages[0].Text);
    }

    [Fact]
    public async Task Settings_Wrong_StartThrowsWithTheKey()
    {
        var options = new PluginHarnessOptions
        {
            Plugins = [Fixture.Of("Settings")],
            Settings = { ["Bioproxy.Fixtures.Settings"] = """{ "greting": "Hello" }""" },
        };

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => PluginHarness.StartAsync(options));

        Assert.StartsWith("Plugin Bioproxy.Fixtures.Settings is Faulted.", exception.Message, StringComparison.Ordinal);
        Assert.Contains("greting", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_WrongAndAllowed_RequestsPassWithoutThePlugin()
    {
        await using var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("Settings")], AllowFaulted = true });

        var result = await host.ChatAsync("world");

        Assert.Contains(host.Plugins, plugin => plugin is
        {
            Name: "Bioproxy.Fixtures.Settings", State: "Faulted", IsActive: false,
            Problem: not null
        });
        Assert.Equal("world", result.Backend[0].Messages[0].Text);
    }

    [Fact]
    public async Task Configuration_Wrong_StartThrowsWithTheKey()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>(() =>
            PluginHarness.StartAsync(new() { Configuration = """{ "plugin_time_budget": 5 }""" }));

        Assert.Contains("plugin_time_budget_ms", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handler_AsksTheBackend_RequestsAreThoseOfItsClient(bool stream)
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [Fixture.Of("Handler")],
            Answer = static request => HarnessAnswer.Text(request.Messages[0].Text.ToUpperInvariant()),
        });

        var results = await Task.WhenAll(host.ChatAsync("/twice one", stream), host.ChatAsync("/twice two", stream),
            host.ChatAsync("/echo three", stream));

        Assert.Equal(["ONE\nONE", "TWO\nTWO", "three"], results.Select(result => result.Text));
        Assert.Equal(["one", "one"], results[0].Backend.Select(request => request.Messages[0].Text));
        Assert.Equal(["two", "two"], results[1].Backend.Select(request => request.Messages[0].Text));
        Assert.Empty(results[2].Backend);
    }

    [Fact]
    public async Task Handler_Throws_ClientGetsAnErrorWithItsName()
    {
        await using var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("Handler")] });

        var result = await host.ChatAsync("/boom");

        Assert.Equal(500, result.Status);
        Assert.Contains("Bioproxy.Fixtures.Handler", result.Body, StringComparison.Ordinal);
        Assert.Equal("", result.Text);
        Assert.Contains("this handler always fails", Assert.Single(host.Plugins, plugin => plugin.Errors > 0).LastError,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Handler_NeverEnds_SendThrowsAtItsLimit()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [Fixture.Of("Handler")],
            Timeout = TimeSpan.FromMilliseconds(300)
        });

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => host.ChatAsync("/stuck", stream: true));

        Assert.Contains("0.3 s", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Response_PluginFails_ErrorNamesIt(bool stream)
    {
        await using var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("ResponseThrowing")] });

        var result = await host.ChatAsync("hi", stream);

        Assert.Equal("", result.Text);
        Assert.Contains("Bioproxy.Fixtures.ResponseThrowing", result.Error, StringComparison.Ordinal);
        Assert.Contains("this editor always fails", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Templates_WithAnInclude_AreExpanded()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Templates = { ["@code"] = "Rules:\n<<rules/short.md>>\n<<message>>" },
            Files = { ["rules/short.md"] = "Be terse." },
        });

        var result = await host.ChatAsync("@code Why?");

        Assert.Equal("Rules:\nBe terse.\nWhy?", result.Backend[0].Messages[0].Text);
    }

    [Fact]
    public async Task StaticPrefix_OfTemplates_IsWhatStandsBeforeTheMessage()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Plugins = [Fixture.Of("Versioned1")],
            Templates = { ["@code"] = "Grüße!\n<<message>>", ["@late"] = "<<message>>\nYou are terse." },
        });

        Assert.Equal("Grüße!\n", await host.StaticPrefixOfAsync("@code"));
        Assert.Equal("", await host.StaticPrefixOfAsync("@late"));
    }

    [Fact]
    public async Task Reload_NewVersion_TakesOverAndTheOldOneIsUnloaded()
    {
        await using var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("Versioned1")] });
        var before = await host.ChatAsync("hi");

        await host.ReloadAsync(Fixture.Of("Versioned2"));
        var after = await host.ChatAsync("hi", stream: true);
        await host.WaitForUnloadAsync();

        Assert.Equal("Hello. [out v1]", before.Text);
        Assert.Equal("Hello. [out v2]", after.Text);
        Assert.Equal("2.0.0", host.Plugins.Single(plugin => plugin.Name == "Bioproxy.Fixtures.Versioned").Version);
    }

    [Fact]
    public async Task Reload_PluginHoldsOnToItself_WaitForUnloadSaysSo()
    {
        await using var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("Leaking")] });
        await host.ChatAsync("hi");

        await host.ReloadAsync();

        var exception = await Assert.ThrowsAsync<TimeoutException>(() => host.WaitForUnloadAsync(TimeSpan.FromMilliseconds(200)));
        Assert.Contains("Bioproxy.Fixtures.Leaking", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Answer_Throws_SendThrowsTheSame()
    {
        await using var host = await PluginHarness.StartAsync(new()
        {
            Answer = static _ =>
            throw new NotSupportedException("not in this test")
        });

        var exception = await Assert.ThrowsAsync<NotSupportedException>(() => host.ChatAsync("hi"));

        Assert.Equal("not in this test", exception.Message);
    }

    [Fact]
    public void FolderOf_ReferencedProject_IsWhereItWasBuilt()
    {
        var folder = PluginHarness.FolderOf<RedactTransform>();

        Assert.Equal("Bioproxy.Redactor", folder.Name);
        Assert.Contains(Path.Combine("plugins", "Bioproxy.Redactor", "bin"), folder.Path, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(folder.Path, "Bioproxy.Redactor.deps.json")));
    }

    [Fact]
    public void FolderOf_NoProject_SaysWhatToDo()
    {
        var exception = Assert.Throws<InvalidOperationException>(() => PluginHarness.FolderOf<FactAttribute>());

        Assert.Contains("new PluginFolder(path)", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_AfterUse_LeavesNoFolder()
    {
        string file;
        await using (var host = await PluginHarness.StartAsync(new() { Plugins = [Fixture.Of("Versioned1")] }))
        {
            await host.ChatAsync("hi");
            file = host.Log.Single(line => line.Contains(" Configuration ", StringComparison.Ordinal)).Split(' ', ',')[3];
            Assert.True(File.Exists(file), file);
        }

        Assert.False(Directory.Exists(Path.GetDirectoryName(file)));
    }
}
