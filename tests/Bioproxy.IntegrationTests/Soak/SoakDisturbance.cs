using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests.Soak;

/// <summary>What happens to a proxy in a year, every few seconds: restarts, changed files, and people on the admin port.</summary>
internal sealed class SoakDisturbance(SoakStage stage, int seed)
{
    private static readonly string[] Pages = ["/status", "/metrics", "/health", "/misses", "/kv", "/", "/explain/none"];

    private static readonly string[] Actions =
        ["/plugins/reload", "/kv/gc", "/kv/drop?file=none", "/models/a/load", "/models/b/unload?wait=false"];

    private readonly Random _random = new(seed);

    public int Count { get; private set; }

    /// <param name="pause">Between two of them.</param>
    /// <param name="stop">The end.</param>
    public async Task RunAsync(TimeSpan pause, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(pause);
        while (!stop.IsCancellationRequested)
        {
            await DisturbAsync(Count++ % 8);
            await timer.WaitForNextTickAsync(stop).AsTask().ContinueWith(static _ => { }, TaskScheduler.Default);
        }

        stage.WriteConfiguration(); // the last one may have been broken
    }

    private async Task DisturbAsync(int kind)
    {
        switch (kind)
        {
            case 0:
                await stage.RestartServerAsync();
                break;
            case 1 or 5:
                stage.WriteConfiguration();
                break;
            case 2:
                stage.ChangeTemplate();
                break;
            case 3:
                stage.SwapPlugin();
                break;
            case 4:
                stage.BreakConfiguration();
                break;
            case 6:
                await PostAsync(Actions[_random.Next(Actions.Length)]);
                break;
            default:
                foreach (var page in Pages)
                {
                    using var response = await stage.Proxy.Admin.GetAsync(new Uri(page, UriKind.Relative)).DefaultTimeout();
                    await response.Content.CopyToAsync(Stream.Null).DefaultTimeout();
                }

                break;
        }
    }

    private async Task PostAsync(string path)
    {
        using var nothing = new ByteArrayContent([]) { Headers = { ContentType = new("application/json") } };
        using var response = await stage.Proxy.Admin.PostAsync(new Uri(path, UriKind.Relative), nothing).DefaultTimeout();
    }
}
