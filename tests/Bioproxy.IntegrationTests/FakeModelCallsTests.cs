using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Bioproxy.Doubles;
using Bioproxy.Host.Backends;
using Bioproxy.Host.Configuration;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>Calls that are no generations, with two models: their body says which one is meant.</summary>
public sealed class FakeModelCallsTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Limit = 400;
    private const string Tokenize = "/tokenize";

    private readonly FakeBackend _one = FakeBackend.Start();
    private readonly FakeBackend _two = FakeBackend.Start();
    private FakeStage? _stage;

    public async Task InitializeAsync()
    {
        _stage = await FakeStage.StartAsync(output, _one.BaseAddress, options => options with
        {
            Backends = [new BackendOptions("one", _one.BaseAddress), new BackendOptions("two", _two.BaseAddress)],
            Models = [new ModelOptions("a", [new("one", null)], []), new ModelOptions("b", [new("two", null)], ["alias"])],
            MaxBodyBytes = Limit,
        });
        await _stage.WaitUntilAllKnownAsync();
    }

    public async Task DisposeAsync()
    {
        await _stage!.DisposeAsync();
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Theory]
    [InlineData("""{"content":"here","model":"b", "x":90071992547409931}""", "application/json", false)]
    [InlineData("""{"content":"here","model":"alias"}""", "application/json", false)]
    [InlineData("""{"content":"here","model":"b"}""", "application/json", true)]
    [InlineData("""{"content":"here","model":"b"}""", "application/x-www-form-urlencoded", false)] // curl -d
    public async Task Call_BodyNamesAModel_ReachesItUnchanged(string body, string type, bool isChunked)
    {
        using var response = await PostAsync(Tokenize, body, type, isChunked);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("two", TestProxy.Header(response, "X-Bioproxy-Backend"));
        Assert.Equal(body, Assert.Single(Received(_two)).Text);
        Assert.Empty(Received(_one));
    }

    [Fact]
    public async Task Call_NamesNone_ReachesTheDefault()
    {
        const string Body = """{"content":"here"}""";

        using var response = await PostAsync(Tokenize, Body, "application/json");

        Assert.Equal(Body, Assert.Single(Received(_one)).Text);
    }

    [Fact]
    public async Task Call_QueryNamesAModel_ItCounts()
    {
        using var response = await PostAsync(Tokenize + "?model=b", """{"content":"here","model":"a"}""", "application/json");

        Assert.Equal("two", TestProxy.Header(response, "X-Bioproxy-Backend"));
    }

    [Fact]
    public async Task Call_UnknownModel_Is404()
    {
        using var response = await PostAsync(Tokenize, """{"content":"here","model":"c"}""", "application/json");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("model_not_found", await response.Content.ReadAsStringAsync().DefaultTimeout(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_BodyIsNotJson_ReachesTheDefault()
    {
        using var response = await PostAsync("/upload", "here \"model\":\"b\"", "application/octet-stream");

        Assert.Equal("one", TestProxy.Header(response, "X-Bioproxy-Backend"));
    }

    [Fact]
    public async Task Call_BodyIsLargerThanAPromptMayBe_ReachesTheDefault()
    {
        var body = $$"""{"content":"here{{new string('x', Limit)}}","model":"b"}""";

        using var response = await PostAsync("/upload", body, "application/json");

        Assert.Equal("one", TestProxy.Header(response, "X-Bioproxy-Backend"));
    }

    private static IEnumerable<FakeRequest> Received(FakeBackend backend) =>
        backend.Requests.Where(request => request.Is("POST", Tokenize) && request.Text.Contains("here", StringComparison.Ordinal));

    private async Task<HttpResponseMessage> PostAsync(string path, string body, string type, bool isChunked = false)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
        content.Headers.ContentType = new MediaTypeHeaderValue(type);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = content };
        request.Headers.TransferEncodingChunked = isChunked;
        return await _stage!.Client.SendAsync(request).DefaultTimeout();
    }
}
