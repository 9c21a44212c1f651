using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>One of many conversations: its questions are fixed, its answers are those of an undisturbed server.</summary>
internal sealed class Conversation(int number, int turns, int firstWords = 400, int words = 150)
{
    /// <summary>Splitting the same prompt into other batches moves a log-probability by this much (measured 0.06); a wrong beginning by more than 1.</summary>
    private const double Tolerance = 0.1;

    private readonly List<(string Role, string Content)> _messages = [];

    public int Number => number;

    public int Turns => turns;

    /// <summary>The undisturbed server's answers.</summary>
    public List<Answer> Expected { get; } = [];

    /// <summary>The request of a turn: the history with the undisturbed server's answers, and the next question.</summary>
    public JsonObject Request(int turn)
    {
        _messages.Clear();
        for (var i = 0; i <= turn; i++)
        {
            _messages.Add(("user", TemplateText.Words(seed: (number * 100) + i, i == 0 ? firstWords : words)));
            if (i < turn)
                _messages.Add(("assistant", Expected[i].Text));
        }

        var chat = ChatProbe.FirstTokenBody(ChatProbe.Chat([.. _messages]));
        chat["max_tokens"] = 8;
        return chat;
    }

    /// <summary>That an answer is what the undisturbed server gave, whatever was reused for it.</summary>
    public void AssertRight(int turn, Answer answer)
    {
        Assert.Equal(Expected[turn].PromptTokens, answer.PromptTokens);
        Assert.InRange(ChatProbe.MaxDifference(Expected[turn].First, answer.First), 0, Tolerance);
    }

    /// <summary>Tokens that nobody can have computed before: the question's, and the markers around it.</summary>
    public int NewTokens(int turn) => Expected[turn].PromptTokens - (turn == 0 ? 0 : Expected[turn - 1].PromptTokens + (int)Expected[turn - 1].Body["timings"]!["predicted_n"]! - 1);

    /// <summary>Goes through the conversation on a server that does nothing else.</summary>
    /// <param name="server">Talks to the server.</param>
    /// <param name="isCold">Every prompt is computed from its first token on.</param>
    public async Task LearnAsync(HttpClient server, bool isCold = false)
    {
        for (var turn = 0; turn < turns; turn++)
        {
            var chat = Request(turn);
            chat["cache_prompt"] = !isCold;
            using var request = TestProxy.Request(chat);
            using var response = await server.SendAsync(request).DefaultTimeout();
            Expected.Add(new Answer(response.StatusCode, null, null, JsonNode.Parse(await response.Content.ReadAsStringAsync().DefaultTimeout())!));
        }
    }
}
