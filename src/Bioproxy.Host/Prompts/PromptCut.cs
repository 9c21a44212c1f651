using System.Text;
using Bioproxy.Abstractions;
using Bioproxy.Host.Json;

namespace Bioproxy.Host.Prompts;

/// <summary>A prompt that is cut off inside one of its texts, so that it can go on in other ways.</summary>
/// <param name="Body">The request's body, with the edits of plugins.</param>
/// <param name="Endpoint">Its protocol.</param>
/// <param name="Token">The string in which it is cut.</param>
/// <param name="Kept">That string's text up to the cut.</param>
/// <param name="Text">The canonical text up to the cut.</param>
internal sealed record PromptCut(ReadOnlyMemory<byte> Body, PromptEndpoint Endpoint, JsonRange Token, string Kept, byte[] Text)
{
    /// <summary>A text that both prompts go on with for less than this may do so by chance.</summary>
    private const int Chance = 256;

    /// <summary>Cuts a prompt where another one differs from it, or somewhat before that: at the start of the text, of a line or of a
    /// word.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="position">The length of the canonical text that the other one shares.</param>
    /// <param name="body">The prompt's body, with the edits of plugins.</param>
    /// <param name="endpoint">Its protocol.</param>
    /// <returns>Null where it cannot be cut: between messages, in a picture, in the words of the model or of a tool.</returns>
    public static PromptCut? At(CanonicalPrompt prompt, int position, ReadOnlyMemory<byte> body, PromptEndpoint endpoint)
    {
        position = EndOfMessage(prompt.Text, position);
        if (CanonicalPlace.Of(prompt, position) is not { } place || PromptBody.Read(body, endpoint) is not { } source)
            return null;
        var end = Place(prompt.Text, place.Start, position);
        return TokenOf(source, place, prompt.HasSystemMember) is { } token
            ? new PromptCut(body, endpoint, token, Encoding.UTF8.GetString(prompt.Text[place.Start..end]), prompt.Text[..end].ToArray())
            : null;
    }

    /// <summary>The body of a prompt that goes on with this text.</summary>
    public byte[] With(string rest) => new SplicedBody(Body, [new JsonSplice(Token, JsonText.Quote(Kept + rest))]).ToArray();

    /// <summary>Where they differ in a role, only the messages before it are of use.</summary>
    private static int EndOfMessage(ReadOnlySpan<byte> text, int position) =>
        text[..position].LastIndexOf(CanonicalPrompt.MessageMark) is var mark and >= 0
        && !text[mark..position].Contains(CanonicalPrompt.ContentMark) ? mark : position;

    private static int Place(ReadOnlySpan<byte> text, int start, int position)
    {
        if (position == text.Length || text[position] >= CanonicalPrompt.OtherMark)
            return position; // the other one's text goes on where this one ends
        var shared = text[start..position];
        if (shared.Length < Chance)
            return start;
        var line = shared.LastIndexOf((byte)'\n');
        var word = line >= 0 ? line : shared.LastIndexOf((byte)' ');
        return word >= 0 ? start + word + 1 : start;
    }

    private static JsonRange? TokenOf(PromptBody source, in CanonicalPlace place, bool hasSystem)
    {
        if (hasSystem && place.Message == 0)
            return SystemMember.TextOf(source, place.Part);
        var message = place.Message - (hasSystem ? 1 : 0);
        return message < source.Messages.Count && source.Messages[message] is { Role: "user" or "system" or "developer" } found
            && place.Part < found.Parts.Count && found.Parts[place.Part] is { IsText: true } part
                ? part.Range
                : null;
    }
}
