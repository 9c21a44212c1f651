using System.Text.Json;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Http;
using Bioproxy.UnitTests.Models;

namespace Bioproxy.UnitTests.Admin;

/// <summary>Loading, unloading and the logs of models on the admin port.</summary>
public sealed class ModelAdminTests : IAsyncLifetime
{
    private readonly FakeModelLoader _loader = new();
    private readonly ModelFixture _pooled;
    private readonly ModelFixture _plain = new(name: "desk");
    private AdminFixture? _admin;

    public ModelAdminTests() => _pooled = new ModelFixture(name: "qwen", loader: _loader);

    public async Task InitializeAsync()
    {
        // The server's own name of its model takes the place of the backend's.
        _pooled.Driver.OnDiscover = _ => Task.FromResult(
            Discovery.Found(BackendStatus.Ready, _pooled.Ready.Facts! with { ModelAlias = "qwen" }, null));
        await _pooled.StartAsync();
        _admin = new AdminFixture(_pooled.Model, _plain.Model);
    }

    public async Task DisposeAsync()
    {
        await _admin!.DisposeAsync();
        await _plain.DisposeAsync();
        await _pooled.DisposeAsync();
    }

    [Fact]
    public async Task Load_ModelOfThePool_AnswersWhenItIsLoaded()
    {
        var (status, json) = await PostAsync("/models/qwen/load");

        Assert.Equal((200, "qwen", "ready"), (status, Text(json, "model"), Text(json, "state")));
        Assert.Equal(0, _loader.Entered);
    }

    /// <summary>Its server calls the model fake-model; the backend's name serves, too.</summary>
    [Fact]
    public async Task Change_NameOfTheBackend_IsAccepted()
    {
        await _plain.CheckAsync();

        var (status, _) = await PostAsync("/models/desk/load");

        Assert.Equal(400, status); // found, but always loaded
    }

    [Fact]
    public async Task Load_Fails_QuotesTheServersLog()
    {
        _loader.OnEnter = static _ => Task.FromResult<ProxyFailure?>(
            new(FailureKind.ModelNotLoaded, "It ended with exit code 1. Its last lines:\nno such file"));

        var (status, json) = await PostAsync("/models/qwen/load");

        Assert.Equal((503, "model_not_loaded"), (status, Text(json, "error", "code")));
        Assert.Contains("no such file", Text(json, "error", "message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unload_BusyModel_AnswersWhenItIsUnloaded()
    {
        var unloading = new TaskCompletionSource();
        _loader.OnUnload = _ => unloading.Task;
        var asked = PostAsync("/models/qwen/unload");
        Assert.False(asked.IsCompleted);

        _loader.State = "unloaded";
        unloading.SetResult();

        var (status, json) = await asked.DefaultTimeout();
        Assert.Equal((200, "unloaded"), (status, Text(json, "state")));
    }

    [Fact]
    public async Task Unload_WithoutWaiting_AnswersAtOnceAndUnloadsLater()
    {
        var unloading = new TaskCompletionSource();
        _loader.OnUnload = _ => unloading.Task;

        var (status, json) = await PostAsync("/models/qwen/unload?wait=false").DefaultTimeout();

        Assert.Equal((200, "ready"), (status, Text(json, "state")));
        unloading.SetResult();
    }

    [Theory]
    [InlineData("load")]
    [InlineData("unload")]
    public async Task Change_UnknownModel_Is404WithTheKnownNames(string what)
    {
        var (status, json) = await PostAsync($"/models/org/nothing/{what}");

        Assert.Equal((404, "model_not_found"), (status, Text(json, "error", "code")));
        Assert.Equal("There is no model 'org/nothing'. There are: qwen, desk.", Text(json, "error", "message"));
    }

    [Fact]
    public async Task Change_ModelThatIsAlwaysLoaded_Is400WithTheRemedy()
    {
        var (status, json) = await PostAsync("/models/desk/unload");

        Assert.Equal((400, "not_supported"), (status, Text(json, "error", "code")));
        Assert.Contains("as long as its server runs", Text(json, "error", "message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_ModelOfLlamaSwap_Is400WithTheRemedy()
    {
        _loader.CanUnload = false;

        var (status, json) = await PostAsync("/models/qwen/load");

        Assert.Equal(400, status);
        Assert.Contains("send it a request", Text(json, "error", "message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_WithoutJson_IsRefused()
    {
        var (response, _) = await _admin!.AskAsync("/models/qwen/load", "POST");

        Assert.Equal(415, response.StatusCode);
    }

    [Fact]
    public async Task Logs_ModelOfThePool_AreItsLastLines()
    {
        _loader.Log = ["loading", "listening"];

        var (response, body) = await _admin!.AskAsync("/logs/qwen");

        Assert.Equal((200, "text/plain; charset=utf-8"), (response.StatusCode, response.ContentType));
        Assert.Equal("loading\nlistening\n", body);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("desk")]
    public async Task Logs_ModelWithout_Is404WithTheKnownNames(string model)
    {
        _loader.Log = [];

        var (status, json) = await _admin!.AskJsonAsync($"/logs/{model}");

        Assert.Equal(404, status);
        Assert.EndsWith("There are: qwen.", Text(json, "error", "message"), StringComparison.Ordinal);
    }

    private async Task<(int Status, JsonElement Json)> PostAsync(string path)
    {
        var (response, body) = await _admin!.AskAsync(path, "POST", "application/json");
        using var document = JsonDocument.Parse(body);
        return (response.StatusCode, document.RootElement.Clone());
    }

    private static string? Text(JsonElement json, params string[] path) =>
        path.Aggregate(json, static (element, name) => element.GetProperty(name)).GetString();
}
