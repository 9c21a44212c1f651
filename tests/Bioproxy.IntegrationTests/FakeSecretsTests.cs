using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>What clients send is in no log, metric, page or file of the proxy: prompts, keys and header values are marked, and everything
/// that the proxy says is searched for the marks.</summary>
public sealed class FakeSecretsTests(ITestOutputHelper output)
{
    private const string Prompt = "PROMPT-MARK";
    private const string Header = "HEADER-MARK";
    private const string Key = "KEY-MARK of alice";
    private const string WrongKey = "KEY-MARK of nobody";
    private const string AdminKey = "KEY-MARK of the admin";
    private const string BackendKey = "KEY-MARK of the backend";

    private static readonly string[] Marks =
    [
        Prompt, Header, "KEY-MARK",
        Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Key}"))[..20],
    ];

    private static readonly string[] Paths =
        ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/completion", "/tokenize", "/api/chat", "/unknown"];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Outputs_AfterMarkedRequests_HaveNoMark(bool hasKeys)
    {
        await using var stage = await FakeStage.StartAsync(
            output,
            new FakeBackendOptions { ApiKey = hasKeys ? BackendKey : null },
            options => options with
            {
                BackendApiKey = hasKeys ? BackendKey : null,
                ApiKeys = hasKeys ? [new("alice", KeyHash.OfKey(Key))] : [],
                AdminKey = new AdminKeyOptions(KeyHash.OfKey(AdminKey), AdminKey),
                KvDomainHeader = "X-User",
                KvMinTokens = 16,
                KvSave = SaveMode.Always,
                KvIdleSave = TimeSpan.FromMilliseconds(50),
            },
            ("@code", "A template.\n<<message>>"));
        List<string> ids = [];
        foreach (var body in Bodies())
        {
            foreach (var path in Paths)
                ids.AddRange(await SendAsync(stage, path, body));
        }

        stage.Backend.Misbehave("/v1/chat/completions", FakeMisbehaviour.Answer(500));
        ids.AddRange(await SendAsync(stage, "/v1/chat/completions", Bodies()[0]));
        await stage.WaitUntilIdleAsync(TimeSpan.FromSeconds(20));
        await Eventually.TrueAsync(() => stage.App.Snapshots.All.Any(s => s.IsConversation), FakeStage.Limit, "a conversation is saved");

        var said = await EverythingSaidAsync(stage, ids);

        Assert.NotEmpty(ids);
        Assert.Contains(said, one => one.Text.Contains("bioproxy_requests_total", StringComparison.Ordinal));
        Assert.All(said, one => Assert.All(
            Marks, mark => Assert.False(one.Text.Contains(mark, StringComparison.Ordinal), $"{mark} is in {one.Where}")));
    }

    private static string[] Bodies()
    {
        var text = string.Join(' ', Enumerable.Range(0, 60).Select(i => $"{Prompt}-{i}"));
        return
        [
            $$"""{"messages":[{"role":"system","content":"{{text}}"},{"role":"user","content":"@code {{text}}"}],"prompt":"{{text}}","""
                + $$""" "content":"{{text}}","input":"{{text}}","max_tokens":4,"user":"{{Prompt}}","metadata":{"user_id":"{{Prompt}}"} }""",
            $$"""{"stream":true,"messages":[{"role":"user","content":"{{text}} other"}],"prompt":"x {{text}}","input":"{{Prompt}}","""
                + "\"max_tokens\":4}",
            $$"""{"messages":"{{Prompt}}","prompt":{"{{Prompt}}":1}""",
        ];
    }

    /// <returns>The ids of the requests.</returns>
    private static async Task<List<string>> SendAsync(FakeStage stage, string path, string body)
    {
        List<string> ids = [];
        (string Name, string Value)[] keys =
        [
            ("Authorization", $"Bearer {Key}"), ("X-Api-Key", Key), ("Authorization", $"Bearer {WrongKey}"),
            ("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"me:{Key}"))}"),
        ];
        foreach (var (name, value) in keys)
        {
            foreach (var lane in new[] { null, Header })
            {
                using var request = FakeStage.Post(body, path);
                request.RequestUri = new Uri(stage.App.ProxyAddress, path);
                request.Headers.TryAddWithoutValidation(name, value);
                request.Headers.Add("X-User", Header);
                request.Headers.Add("X-Session-Id", Header);
                request.Headers.Add("X-Anything", Header);
                request.Headers.Add("Cookie", $"a={Header}");
                if (lane is not null)
                    request.Headers.Add("X-Bioproxy-Lane", lane);
                using var response = await stage.Client.SendAsync(request).DefaultTimeout();
                await response.Content.ReadAsByteArrayAsync().DefaultTimeout();
                if (FakeStage.Header(response, "X-Bioproxy-Request-Id") is { } id)
                    ids.Add(id);
            }
        }

        return ids;
    }

    private static async Task<List<(string Where, string Text)>> EverythingSaidAsync(FakeStage stage, List<string> ids)
    {
        List<(string Where, string Text)> said = [("the log", string.Join('\n', stage.Log))];
        string[] pages =
        [
            "/", "/health", "/metrics", "/status", "/misses", "/kv", "/logs/x", "/requests", "/savings",
            .. ids.Select(id => $"/explain/{id}"),
            .. stage.App.Snapshots.All.Select(snapshot => $"/kv/{snapshot.File}"),
        ];
        foreach (var page in pages)
        {
            using var response = await stage.Admin.GetAsync(new Uri(page, UriKind.Relative)).DefaultTimeout();
            said.Add((page, await response.Content.ReadAsStringAsync().DefaultTimeout()));
        }

        var files = Directory.EnumerateFiles(stage.PathOf("state"), "*", SearchOption.AllDirectories);
        foreach (var file in files.Where(static file => Path.GetFileName(file) != "lock")) // which is empty and held
            said.Add((file, $"{file}\n{Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file))}"));
        return said;
    }
}
