using System.Net;
using System.Text.Json.Nodes;
using Bioproxy.Doubles;
using Bioproxy.Host;
using Bioproxy.Host.Configuration;
using Microsoft.Extensions.Logging;

namespace Bioproxy.IntegrationTests;

/// <summary>A bug in what happens around an answer (logging, metrics, explaining) costs no lease.</summary>
public sealed class FakeExitTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("bioproxy-exit-").FullName;

    [Fact]
    public async Task Log_ThrowsOnALine_EveryLeaseComesBack()
    {
        await using var backend = FakeBackend.Start(new FakeBackendOptions { Slots = 1 });
        var options = new ProxyOptions
        {
            BaseDirectory = _root,
            StateDirectory = Path.Combine(_root, "state"),
            BackendUrl = backend.BaseAddress,
            ProxyPort = 0,
            AdminPort = 0,
            DrainTimeout = TimeSpan.FromMilliseconds(100),
        };
        await using var app = new BioproxyApp(options, logging: logging => logging.AddProvider(new ThrowingLog("chat_completions 200")));
        Assert.Empty(await app.LoadTemplatesAsync(CancellationToken.None));
        await app.StartAsync(CancellationToken.None).DefaultTimeout();
        using var client = new HttpClient { BaseAddress = app.ProxyAddress };
        using var admin = new HttpClient { BaseAddress = app.AdminAddress };

        for (var i = 0; i < 3; i++)
        {
            using var request = FakeStage.Post(FakeStage.Chat($"question {i}"));
            using var response = await client.SendAsync(request).WaitAsync(FakeStage.Limit);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        await Eventually.TrueAsync(
            async () => (int)JsonNode.Parse(await admin.GetStringAsync(new Uri("/status", UriKind.Relative)))!["queue"]!["used"]! == 0,
            FakeStage.Limit,
            "every lease came back");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private sealed class ThrowingLog(string line) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains(line, StringComparison.Ordinal))
                throw new InvalidOperationException("the log is broken");
        }

        public void Dispose()
        {
        }
    }
}
