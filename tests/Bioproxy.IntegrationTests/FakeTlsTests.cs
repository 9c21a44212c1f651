using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Bioproxy.Doubles;
using Xunit.Abstractions;

namespace Bioproxy.IntegrationTests;

/// <summary>TLS with HTTP/2 for clients, and sockets on both sides.</summary>
public sealed class FakeTlsTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("bioproxy-tls-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("2.0", true)]
    [InlineData("2.0", false)]
    [InlineData("1.1", true)]
    public async Task Client_OverTls_IsServedWithItsVersionOfHttp(string version, bool isStream)
    {
        var shown = TestCertificate.Write(_folder.FullName, "localhost");
        await using var stage = await StartAsync();
        var seen = new List<string>();
        using var client = Client(stage.App.ProxyAddress, seen.Add);
        using var request = FakeStage.Post(FakeStage.Chat("hi", isStream ? "\"stream\":true," : ""));
        (request.Version, request.VersionPolicy) = (Version.Parse(version), HttpVersionPolicy.RequestVersionExact);

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).DefaultTimeout();
        var text = await response.Content.ReadAsStringAsync().DefaultTimeout();

        Assert.Equal("https", stage.App.ProxyAddress.Scheme);
        Assert.Equal((HttpStatusCode.OK, Version.Parse(version)), (response.StatusCode, response.Version));
        Assert.Equal(isStream, text.EndsWith("data: [DONE]\n\n", StringComparison.Ordinal));
        Assert.Equal([shown], seen);
    }

    [Fact]
    public async Task Body_WithoutALengthOverHttp2_ReachesPathsThatOnlyPass()
    {
        TestCertificate.Write(_folder.FullName, "localhost");
        await using var stage = await StartAsync();
        using var client = Client(stage.App.ProxyAddress, static _ => { });
        using var request = new HttpRequestMessage(HttpMethod.Post, "/unknown")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new StreamContent(new Unseekable("a body"u8.ToArray())),
        };

        using var response = await client.SendAsync(request).DefaultTimeout();

        Assert.Equal("a body", Assert.Single(stage.Backend.Requests, one => one.Target == "/unknown").Text);
    }

    [Fact]
    public async Task Certificate_ThatChanges_IsShownToNewConnections()
    {
        var first = TestCertificate.Write(_folder.FullName, "localhost");
        await using var stage = await StartAsync();
        Assert.Equal(first, await ShownAsync(stage));

        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "server.pem"), "not a certificate");
        await Eventually.TrueAsync(
            async () => await ShownAsync(stage) == first
                && stage.Log.Any(line => line.Contains("cannot be used; the one before stays", StringComparison.Ordinal)),
            FakeStage.Limit,
            "the broken one is not used");

        var second = TestCertificate.Write(_folder.FullName, "localhost");
        await Eventually.TrueAsync(async () => await ShownAsync(stage) == second, FakeStage.Limit, "the new certificate is shown");
        await stage.WaitUntilIdleAsync();
    }

    [Fact]
    public async Task AdminPort_OnThisMachine_NeedsNoCertificate()
    {
        TestCertificate.Write(_folder.FullName, "localhost");
        await using var stage = await StartAsync();

        Assert.Equal("http", stage.App.AdminAddress.Scheme);
        Assert.NotNull(await stage.StatusAsync());
    }

    [Fact]
    public async Task Sockets_OnBothSides_CarryRequestsAndControlCalls()
    {
        if (OperatingSystem.IsWindows())
            return;
        var (inner, outer) = (Path.Combine(_folder.FullName, "inner.sock"), Path.Combine(_folder.FullName, "outer.sock"));
        await File.WriteAllBytesAsync(inner, []); // what a process that crashed leaves behind
        await using var behind = await FakeStage.StartAsync(
            output, new FakeBackendOptions(), options => options with { ProxyHost = $"unix:{inner}" });
        await using var stage = await FakeStage.StartAsync(
            output, new Uri($"unix:{inner}"), options => options with { ProxyHost = $"unix:{outer}" });
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stopping) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(outer), stopping);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });
        await stage.WaitUntilAllKnownAsync();
        using var request = FakeStage.Post(FakeStage.Chat("hi"), "http://localhost/v1/chat/completions");
        request.RequestUri = new Uri("http://localhost/v1/chat/completions");

        using var response = await client.SendAsync(request).DefaultTimeout();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Single(behind.Chats);
        Assert.Equal($"unix:{outer}", stage.App.ProxyAddress.OriginalString);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(outer));
    }

    private Task<FakeStage> StartAsync() => FakeStage.StartAsync(
        output, new FakeBackendOptions(), options => options with { TlsCertificate = Path.Combine(_folder.FullName, "server.pem") });

    private static HttpClient Client(Uri address, Action<string> shown) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                shown(((X509Certificate2)certificate!).Thumbprint);
                return certificate.Subject == "CN=localhost"; // nobody signed it
            },
        },
    })
    { BaseAddress = address };

    /// <summary>The certificate that a new connection sees.</summary>
    private static async Task<string> ShownAsync(FakeStage stage)
    {
        var shown = "";
        using var client = Client(stage.App.ProxyAddress, thumbprint => shown = thumbprint);
        using var response = await client.GetAsync(new Uri("/health", UriKind.Relative)).DefaultTimeout();
        return shown;
    }

    /// <summary>Its length is not known.</summary>
    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
