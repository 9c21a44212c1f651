using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Bioproxy.Benchmarks.Report;
using Bioproxy.Doubles;

namespace Bioproxy.Benchmarks.Runs;

/// <summary>
/// Twenty conversations of four turns over four slots of the real llama-server, which is killed after every round of turns. Each question
/// goes to a server alone and to a proxy in front of another one, in turns, so that noise affects both.
/// </summary>
internal static class ConversationsRun
{
    private const int Conversations = 20;
    private const int Turns = 4;

    public static async Task RunAsync(ResultTable table, CancellationToken cancellationToken)
    {
        var saved = await MeasureAsync("auto", cancellationToken);
        table.Add(
            "conversations: prompt tokens computed, restarts after every round",
            string.Create(CultureInfo.InvariantCulture,
                $"{saved.Alone.Tokens / (double)saved.Proxied.Tokens:0.00} times fewer ({saved.Proxied.Tokens:N0}; alone "
                + $"{saved.Alone.Tokens:N0})"),
            ">= 2.5 times",
            saved.Alone.Tokens >= 2.5 * saved.Proxied.Tokens);
        table.Add("conversations: time of all answers", string.Create(
            CultureInfo.InvariantCulture, $"{saved.Proxied.Seconds:0.0} s; alone {saved.Alone.Seconds:0.0} s"));
        var never = await MeasureAsync("never", cancellationToken);
        var slower = (never.Proxied.Seconds / never.Alone.Seconds) - 1;
        table.Add(
            "conversations, kv.save never: time against the server alone",
            string.Create(CultureInfo.InvariantCulture,
                $"{slower:+0.0 %;-0.0 %} ({never.Proxied.Seconds:0.0} s; alone {never.Alone.Seconds:0.0} s)"),
            "<= +2 %",
            slower <= 0.02);
    }

    private static async Task<((long Tokens, double Seconds) Alone, (long Tokens, double Seconds) Proxied)> MeasureAsync(
        string save, CancellationToken cancellationToken)
    {
        ResultTable.Say($"conversations: {Conversations} of {Turns} turns, kv.save {save}, a minute or two …");
        var slots = Directory.CreateTempSubdirectory("bioproxy-bench-slots-");
        var options = new LlamaServerOptions
        {
            ModelPath = TinyModel.Ensure(TinyArchitecture.Llama, 1, TinySize.Small),
            SlotSavePath = slots.FullName,
            Parallel = 4,
        };
        var alone = await LlamaServer.StartAsync(options, cancellationToken);
        var behind = await LlamaServer.StartAsync(options, cancellationToken);
        try
        {
            await using var proxy = await ProxyProcess.StartAsync(behind.Port, "Say it in one word.\n<<message>>", cancellationToken,
                new JsonObject { ["kv"] = new JsonObject { ["save"] = save, ["min_tokens"] = 128, ["idle_save_seconds"] = 0.2 } });
            await UntilKnownAsync(proxy, -1, cancellationToken);
            using var direct = new HttpClient(new SocketsHttpHandler
            {
                UseProxy = false,
                PooledConnectionIdleTimeout = TimeSpan.FromSeconds(3)
            })
            { BaseAddress = alone.BaseAddress };
            using var through = new HttpClient(new SocketsHttpHandler { UseProxy = false })
            {
                BaseAddress = new Uri(
                $"http://127.0.0.1:{proxy.Port}/")
            };
            var histories = Enumerable.Range(1, Conversations).Select(_ => new List<(string, string)>()).ToList();
            (long Tokens, double Seconds) sumAlone = default, sumProxied = default;
            for (var turn = 0; turn < Turns; turn++)
            {
                for (var c = 0; c < Conversations; c++)
                {
                    histories[c].Add(("user", Words((c * 100) + turn, turn == 0 ? 400 : 150)));
                    var isProxyFirst = (c + turn) % 2 == 0;
                    string answer = "";
                    for (var half = 0; half < 2; half++)
                    {
                        var (text, tokens, seconds) = await AskAsync(
                            (half == 0) == isProxyFirst ? through : direct, histories[c], cancellationToken);
                        if ((half == 0) == isProxyFirst)
                            sumProxied = (sumProxied.Tokens + tokens, sumProxied.Seconds + seconds);
                        else
                            (sumAlone, answer) = ((sumAlone.Tokens + tokens, sumAlone.Seconds + seconds), text);
                    }

                    histories[c].Add(("assistant", answer));
                }

                var before = (int)(await proxy.UntilAsync(static _ => true, "", cancellationToken))["backend"]!["instance"]!;
                await Task.Delay(TimeSpan.FromSeconds(2), cancellationToken); // so that the last ones are idle long enough to be saved
                await alone.KillAsync();
                await behind.KillAsync();
                alone = await alone.RestartAsync(cancellationToken: cancellationToken);
                behind = await behind.RestartAsync(cancellationToken: cancellationToken);
                await UntilKnownAsync(proxy, before, cancellationToken);
            }

            return (sumAlone, sumProxied);
        }
        finally
        {
            await alone.DisposeAsync();
            await behind.DisposeAsync();
            slots.Delete(recursive: true);
        }
    }

    private static Task<JsonNode> UntilKnownAsync(ProxyProcess proxy, int after, CancellationToken cancellationToken) =>
        proxy.UntilAsync(status => (int)status["backend"]!["instance"]! > after && status["backend"]!["identity"] is not null
            && (int)status["queue"]!["used"]! == 0, "The model was not recognised.", cancellationToken);

    private static async Task<(string Text, int Computed, double Seconds)> AskAsync(
        HttpClient client, List<(string Role, string Content)> messages, CancellationToken cancellationToken)
    {
        var chat = ChatProbe.Chat([.. messages]);
        chat["max_tokens"] = 8;
        chat["temperature"] = 0;
        using var content = new StringContent(chat.ToJsonString(), Encoding.UTF8, "application/json");
        var started = Stopwatch.GetTimestamp();
        using var response = await client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content, cancellationToken);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return ((string)answer["choices"]![0]!["message"]!["content"]!, (int)answer["timings"]!["prompt_n"]!, seconds);
    }

    private static string Words(int seed, int length)
    {
        var random = new Random(seed);
        return string.Create(length, random, static (span, random) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = i % 7 == 6 ? ' ' : (char)('a' + random.Next(26));
        }).TrimEnd() + ".";
    }
}
