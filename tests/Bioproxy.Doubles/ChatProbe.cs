using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;

namespace Bioproxy.Doubles;

/// <summary>Asks a server, or a proxy in front of one, for the distribution of an answer's first token.</summary>
internal static class ChatProbe
{
    private const int Tokens = 40;

    /// <summary>The chat request <c>messages</c> of the given roles and texts.</summary>
    public static JsonObject Chat(params (string Role, string Content)[] messages) => new()
    {
        ["messages"] = new JsonArray([.. messages.Select(message => new JsonObject
        {
            ["role"] = message.Role,
            ["content"] = message.Content,
        })]),
    };

    /// <summary>
    /// Asks for one token, greedily, with its alternatives. Members that the body already has are kept, except those needed for that.
    /// </summary>
    public static async Task<FirstToken> FirstTokenAsync(
        HttpClient client, Uri address, JsonObject chat, CancellationToken cancellationToken)
    {
        using var content = new StringContent(
            FirstTokenBody(chat).ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await client.PostAsync(new Uri(address, "/v1/chat/completions"), content, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
            throw new HttpRequestException($"{(int)response.StatusCode}: {text}", inner: null, response.StatusCode);
        return Read(JsonNode.Parse(text)!);
    }

    /// <summary>The chat request with the members that ask for one token, greedily, with its alternatives.</summary>
    public static JsonObject FirstTokenBody(JsonObject chat)
    {
        var body = (JsonObject)chat.DeepClone();
        body["max_tokens"] = 1;
        body["temperature"] = 0;
        body["logprobs"] = true;
        body["top_logprobs"] = Tokens;
        body["stream"] = false;
        return body;
    }

    /// <summary>Reads the answer to <see cref="FirstTokenBody"/>.</summary>
    public static FirstToken Read(JsonNode answer)
    {
        var first = answer["choices"]![0]!["logprobs"]!["content"]![0]!;
        var timings = answer["timings"]!;
        return new FirstToken(
            (string)first["token"]!,
            first["top_logprobs"]!.AsArray()
                .GroupBy(token => (string)token!["token"]!, StringComparer.Ordinal)
                .ToDictionary(group => group.Key, group => group.Max(token => (double)token!["logprob"]!), StringComparer.Ordinal),
            (int)timings["cache_n"]!,
            (int)timings["prompt_n"]!);
    }

    /// <summary>
    /// How far two distributions are apart: the largest difference of a log-probability. A token that only one of them lists counts with
    /// the smallest value the other lists, which is the least it can differ.
    /// </summary>
    public static double MaxDifference(FirstToken one, FirstToken other)
        => Math.Max(OneSided(one, other), OneSided(other, one));

    private static double OneSided(FirstToken one, FirstToken other)
    {
        var floor = other.LogProbabilities.Values.Min();
        return one.LogProbabilities.Max(pair => other.LogProbabilities.TryGetValue(pair.Key, out var value)
            ? Math.Abs(pair.Value - value)
            : Math.Max(0, pair.Value - floor));
    }
}
