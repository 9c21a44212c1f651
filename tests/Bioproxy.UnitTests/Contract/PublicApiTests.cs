using Bioproxy.Abstractions;
using Bioproxy.UnitTests.Plugins;

namespace Bioproxy.UnitTests.Contract;

/// <summary>The contract changes only on purpose, and grows only by what no plugin compiled before can notice.</summary>
public sealed class PublicApiTests
{
    private const string UpdateVariable = "BIOPROXY_UPDATE_API";

    private static readonly string TodayFile = FileOf("PublicApi.txt");
    private static readonly string FirstFile = FileOf("PublicApi.1.0.txt");

    private readonly IReadOnlyList<string> _today = ApiText.Of(typeof(PluginApi).Assembly);
    private readonly IReadOnlyList<string> _first = File.ReadAllLines(FirstFile);

    [Fact]
    public void Contract_OfToday_IsWhatItsFileSays()
    {
        if (Environment.GetEnvironmentVariable(UpdateVariable) == "1")
            File.WriteAllLines(TodayFile, _today);

        AssertSame(
            File.ReadAllLines(TodayFile),
            _today,
            $"To change the contract on purpose, run this test again with {UpdateVariable}=1 and commit the file; otherwise revert.");
    }

    [Fact]
    public void FirstContract_Frozen_IsWhatItsFileSays()
    {
        using var first = new FirstContract();

        AssertSame(_first, ApiText.Of(first.Assembly), "The first contract is history: take the change back.");
    }

    [Fact]
    public void Contract_OfToday_HasAllOfTheFirst()
    {
        var gone = _first.Except(_today).ToList();

        Assert.True(gone.Count == 0, $"Plugins compiled against contract 1.0 rely on these:\n{string.Join('\n', gone)}");
    }

    [Fact]
    public void Interface_OnceItIsPublished_NeverChanges()
    {
        const string Mark = " : interface";
        var interfaces = _first.Where(line => line.EndsWith(Mark, StringComparison.Ordinal)).Select(line => line[..^Mark.Length]).ToList();

        Assert.Equal(6, interfaces.Count);
        const string Remedy = "A plugin that implements it, or a host, would lack the new member: make a new interface.";
        Assert.All(interfaces, name => AssertSame(Of(_first, name), Of(_today, name), Remedy));

        static List<string> Of(IEnumerable<string> lines, string name) =>
            [
                .. lines.Where(line =>
                    line.StartsWith(name + '.', StringComparison.Ordinal) || line.StartsWith(name + ' ', StringComparison.Ordinal)),
            ];
    }

    private static string FileOf(string name) => Path.Combine(FixturePlugins.RepositoryRoot, "src", "Bioproxy.Abstractions", name);

    private static void AssertSame(IReadOnlyList<string> expected, IReadOnlyList<string> actual, string remedy)
    {
        var gone = expected.Except(actual).Select(line => "- " + line);
        var added = actual.Except(expected).Select(line => "+ " + line);
        var difference = gone.Concat(added).ToList();
        Assert.True(difference.Count == 0, $"The public API differs (- gone, + new):\n{string.Join('\n', difference)}\n{remedy}");
        Assert.Equal(expected, actual);
    }
}
