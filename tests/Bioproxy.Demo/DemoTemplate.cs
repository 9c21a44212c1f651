using System.Text;
using Bioproxy.Doubles;

namespace Bioproxy.Demo;

/// <summary>
/// A template made of the samples in <c>templates/</c>.
/// </summary>
/// <param name="tokens">About how long it is: in the demo's model a character is a token.</param>
internal sealed class DemoTemplate(int tokens)
{
    private const string Message = "<<message>>";

    /// <summary>What comes before the user's words.</summary>
    public string Beginning { get; } = Compose(tokens);

    /// <summary>The file's text.</summary>
    public string Text => Beginning + Message + "\n";

    /// <summary>What the backend gets for a question: made here, so that it can be asked without the proxy.</summary>
    public string Expand(string question) => Text.Replace(Message, question, StringComparison.Ordinal);

    private static string Compose(int length)
    {
        var folder = Path.Combine(
            RepositoryFolder.Root ?? throw new InvalidOperationException("Bioproxy.sln was not found above the demo."), "templates");
        var lines = Directory.GetFiles(folder).Order(StringComparer.Ordinal).SelectMany(File.ReadAllLines).Where(
            line => line != Message).ToList();
        var text = new StringBuilder();
        for (var index = 0; text.Length < length; index++)
            text.Append(lines[index % lines.Count]).Append('\n');
        return text.Append("\nThe question:\n\n").ToString();
    }
}
