using System.Text.Json.Nodes;
using Bioproxy.Doubles;

namespace Bioproxy.IntegrationTests;

/// <summary>One of many conversations: its questions are fixed, its answers those of the reference server.</summary>
internal sealed class Conversation(int number, int turns, int firstWords = 400, int words = 150)
{
    private readonly List<(string Role, string Content)> _messages = [];

    public int Number => number;

    public int Turns => turns;

    /// <summary>The answers of the reference server.</summary>
    public List<Answer> Expected { get; } = [];

    /// <summary>The request of a turn: the history with the expected answers, and the next question.</summary>
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

    /// <summary>Asserts that an answer is the reference server's, whatever was reused for it.</summary>
    public void AssertRight(int turn, Answer answer)
    {
        Assert.Equal(Expected[turn].PromptTokens, answer.PromptTokens);
        Assert.InRange(ChatProbe.MaxDifference(Expected[turn].First, answer.First), 0, Tolerances.OtherSplit);
    }

    /// <summary>Tokens that cannot have been computed before: the question's, and the markers around it.</summary>
    public int NewTokens(int turn)
    {
        if (turn == 0)
            return Expected[0].PromptTokens;
        var before = Expected[turn - 1];
        return Expected[turn].PromptTokens - before.PromptTokens - (int)before.Body["timings"]!["predicted_n"]! + 1;
    }

    /// <summary>Asks the reference server for the answers.</summary>
    /// <param name="reference">A server that is not disturbed.</param>
    /// <param name="isContinued">Each turn may continue the one before, instead of computing the whole prompt.</param>
    public async Task LearnAsync(ReferenceServer reference, bool isContinued)
    {
        for (var turn = 0; turn < turns; turn++)
            Expected.Add(await reference.AnswerAsync(Request(turn), isContinued));
    }
}
