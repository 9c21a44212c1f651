using Bioproxy.Abstractions;
using Bioproxy.Rag;
using static Bioproxy.PluginTests.Rag.RagBench;

namespace Bioproxy.PluginTests.Rag;

public sealed class RagTransformTests
{
    [Fact]
    public async Task Question_GetsItsPassagesBehindItsWords()
    {
        await using var bench = Start(("setup/linux.md", "# Linux\n\nInstall the daemon with apt.\n"), ("other.txt", "Nothing of use.\n"));

        var text = await bench.AskAsync("@code How do I install the daemon?");

        Assert.StartsWith("@code How do I install the daemon?\n\n<passages>\n[1] notes/setup/linux.md, lines 1-3\n> # Linux\n>\n> "
            + "Install the daemon with apt.\n</passages>\n", text, StringComparison.Ordinal);
        Assert.Equal(1, bench.Counted["questions"]);
        Assert.Equal(1, bench.Counted["passages"]);
    }

    [Fact]
    public async Task Question_InParts_GetsThemInItsFirstText()
    {
        await using var bench = Start(("a.md", "apples"));
        var message = new PromptMessage("user", [new PromptPart("image_url", default(string)), new PromptPart("text", "apples?"),
            new PromptPart("text", "more")])
        { Commands = ["rag"] };

        await bench.Rag.TransformAsync(Prompt(message), CancellationToken.None);

        Assert.StartsWith("apples?\n\n<passages>", message.Parts[1].Text, StringComparison.Ordinal);
        Assert.False(message.Parts[2].IsEdited);
    }

    [Fact]
    public async Task Messages_WithoutTheCommand_StayAsTheyAre()
    {
        await using var bench = Start(("a.md", "apples"));
        PromptMessage[] messages = [User("apples", "parallel"), Assistant("apples"), User("  "), User("apples")];

        await bench.AskAsync(messages);

        Assert.Equal([false, false, false, true], messages.Select(message => message.Parts[0].IsEdited));
    }

    [Fact]
    public async Task Question_OnWhichNothingIsFound_SaysSo()
    {
        await using var bench = Start(("a.md", "apples"));

        Assert.Equal($"zebras?\n\n{PassageBlock.Nothing}", await bench.AskAsync("zebras?"));
        Assert.Equal(0, bench.Counted["passages"]);
    }

    [Fact]
    public async Task Passages_KeepToTheSettings()
    {
        var files = Enumerable.Range(0, 9).Select(i => ($"{i}.md", $"apples {i} {new string('x', 80)}")).ToArray();
        await using var few = Start(""","passages":2""", files);
        await using var narrow = Start(""","chunk_characters":100,"max_characters":300""", files);

        Assert.Equal(2, Quoted(await few.AskAsync("apples")).Count);
        Assert.Equal(3, Quoted(await narrow.AskAsync("apples")).Count);
    }

    [Fact]
    public async Task Question_AskedAgainAndOfAnotherInstance_GetsTheSame()
    {
        (string, string)[] files = [.. Enumerable.Range(0, 40)
            .Select(i => ($"{i % 7}/{i}.md", $"apples and pears {i % 3}\n\n# More\npears {i}"))];
        await using var one = Start(files);
        await using var other = Start([.. files.Reverse()]);

        var first = await one.AskAsync("pears and apples?");

        Assert.Equal(first, await one.AskAsync("pears and apples?"));
        Assert.Equal(first, await other.AskAsync("pears and apples?"));
    }

    [Fact]
    public async Task Files_ThatAreChangedAddedOrRemoved_AreSeen()
    {
        await using var bench = Start(("a.md", "apples one"), ("b.md", "apples two"));
        Assert.Equal(["> apples one", "> apples two"], Quoted(await bench.AskAsync("apples")));

        bench.Write("a.md", "apples changed");
        File.Delete(Path.Combine(bench.Notes, "b.md"));
        bench.Write("new/c.md", "apples three");
        Assert.Equal(["> apples one", "> apples two"], Quoted(await bench.AskAsync("apples")));
        await bench.LookAgainAsync();

        Assert.Equal(["> apples changed", "> apples three"], Quoted(await bench.AskAsync("apples")));
        File.Delete(Path.Combine(bench.Notes, "a.md"));
        await bench.LookAgainAsync();
        Assert.Equal(["> apples three"], Quoted(await bench.AskAsync("apples")));
    }

    [Fact]
    public async Task Files_ThatHaveNotChanged_AreNotReadAgain()
    {
        await using var bench = Start(("a.md", "apples one"), ("b.md", "apples two"));
        await bench.AskAsync("apples");
        bench.Write("b.md", "apples changed");
        await bench.LookAgainAsync();

        // Nobody else can read it now.
        using var locked = new FileStream(Path.Combine(bench.Notes, "a.md"), FileMode.Open, FileAccess.Read, FileShare.None);
        Assert.Equal(["> apples changed", "> apples one"], Quoted(await bench.AskAsync("apples")).Order());
        Assert.Empty(bench.Log.Warnings);
    }

    [Fact]
    public async Task EarlierMessage_GetsTheSameBlockAgain_WhateverBecameOfTheFiles()
    {
        await using var bench = Start(("a.md", "apples one"));
        var first = await bench.AskAsync("apples");
        bench.Write("a.md", "apples of another kind");
        await bench.LookAgainAsync();

        var texts = await bench.AskAsync(User("apples"), Assistant("Yes."), User("apples"), Assistant("Yes."), User("thanks", "other"));

        Assert.Equal(first, texts[0]);
        Assert.Equal(["> apples of another kind"], Quoted(texts[2]));
        bench.Write("a.md", "no more");
        await bench.LookAgainAsync();
        Assert.Equal(texts[..3], (await bench.AskAsync(User("apples"), Assistant("Yes."), User("apples"), Assistant("Yes."),
            User("bye")))[..3]);
    }

    [Fact]
    public async Task EarlierMessage_AfterARestart_GetsTheSameBlockAgain()
    {
        await using var bench = Start(("a.md", "apples one"));
        var first = await bench.AskAsync("apples");
        var none = await bench.AskAsync("zebras");

        await using var next = await bench.RestartAsync(_ => bench.Write("a.md", "apples and zebras of another kind"));

        Assert.Equal(first, (await next.AskAsync(User("apples"), Assistant("Yes.")))[0]);
        Assert.Equal(none, (await next.AskAsync(User("zebras"), Assistant("No.")))[0]);
        Assert.NotEqual(first, await next.AskAsync("apples"));
        Assert.Empty(next.Log.Warnings);
    }

    [Fact]
    public async Task Rehearsals_AreTreatedLikeRequests_ButNotRemembered()
    {
        await using var bench = Start(("a.md", "apples one"));
        var message = User("apples");
        await bench.Rag.TransformAsync(new PromptContext("r", PromptEndpoint.Chat, "m", isWarmUp: true, [message], "{}"u8.ToArray()),
            CancellationToken.None);
        Assert.Equal(["> apples one"], Quoted(message.Parts[0].Text!));
        bench.Write("a.md", "apples of another kind");
        await bench.LookAgainAsync();

        Assert.Equal(["> apples of another kind"], Quoted((await bench.AskAsync(User("apples"), Assistant("Yes.")))[0]));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("")]
    [InlineData("""{"version":9,"blocks":[]}""")]
    [InlineData("""{"version":1,"blocks":[null]}""")]
    [InlineData("""{"version":1}""")]
    public async Task Memory_ThatIsDamaged_IsBegunAnew_WithAWarning(string content)
    {
        await using var bench = Start(("a.md", "apples one"));
        var file = Path.Combine(bench.DataFolder, "blocks.json");

        await using var next = await bench.RestartAsync(_ => File.WriteAllText(file, content));
        var first = await next.AskAsync("apples");

        Assert.Contains(file, Assert.Single(next.Log.Warnings), StringComparison.Ordinal);
        await using var last = await next.RestartAsync(_ => next.Write("a.md", "changed"));
        Assert.Equal(first, (await last.AskAsync(User("apples"), Assistant("Yes.")))[0]);
    }

    [Fact]
    public void Memory_IsBounded_AndForgetsWhatWasUsedLongestAgo()
    {
        var memory = new BlockMemory(maxBlocks: 3, maxCharacters: 10);
        foreach (var key in (string[])["a", "b", "c"])
            memory.Remember(key, key);
        Assert.Equal("a", memory.Find("a"));
        memory.Remember("d", "d");
        Assert.Equal(["c", "a", "d"], memory.Blocks.Select(block => block.Key));
        memory.Remember("c", "1234567890");
        Assert.Equal(["c"], memory.Blocks.Select(block => block.Key));
        memory.Remember("c", "1");
        memory.Remember("e", "23");
        Assert.Equal([("c", "1"), ("e", "23")], memory.Blocks.Select(block => (block.Key, block.Text)));
        Assert.Null(memory.Find("d"));
    }

    [Fact]
    public async Task Files_ThatAreNoText_AreLeftOut_AndNamedOnce()
    {
        await using var bench = Start(
            ""","max_file_bytes":50""",
            ("good.md", "\uFEFFapples"),
            ("huge.md", $"apples {new string('x', 100)}"),
            ("zero.md", "apples \0"),
            ("empty.md", ""),
            ("picture.png", "apples"),
            (".hidden.md", "apples"),
            (".git/a.md", "apples"));
        File.WriteAllBytes(Path.Combine(bench.Notes, "latin.md"), [.. "apples "u8, 0xE4]);
        await bench.LookAgainAsync();
        var locked = bench.Write("locked.md", "apples too");

        // Without any sharing nobody else may read it, not even root.
        using (new FileStream(locked, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
        {
            await bench.AskAsync("apples");
            await bench.LookAgainAsync();
            Assert.Equal(["> apples"], Quoted(await bench.AskAsync("apples")));
        }

        foreach (var name in (string[])["huge.md", "zero.md", "latin.md", "locked.md"])
            Assert.Single(bench.Log.Warnings, warning => warning.Contains(Path.Combine(bench.Notes, name), StringComparison.Ordinal));
        Assert.Equal(4, bench.Log.Warnings.Count());
        await bench.LookAgainAsync();
        Assert.Equal(["> apples", "> apples too"], Quoted(await bench.AskAsync("apples")).Order());
    }

    [Fact]
    public async Task Links_AreNotFollowed()
    {
        await using var bench = Start(("a.md", "apples"));
        var outside = Directory.CreateDirectory(Path.Combine(bench.Folder, "outside")).FullName;
        File.WriteAllText(Path.Combine(outside, "secret.md"), "apples secret");
        Directory.CreateSymbolicLink(Path.Combine(bench.Notes, "folder"), outside);
        File.CreateSymbolicLink(Path.Combine(bench.Notes, "link.md"), Path.Combine(outside, "secret.md"));
        await bench.LookAgainAsync();

        Assert.Equal(["> apples"], Quoted(await bench.AskAsync("apples")));
    }

    [Fact]
    public async Task Files_BeyondTheirNumber_AreLeftOutByName_WithAWarning()
    {
        await using var bench = Start(""","max_files":2""", ("c.md", "apples c"), ("a.md", "apples a"), ("b.md", "apples b"));

        Assert.Equal(["> apples a", "> apples b"], Quoted(await bench.AskAsync("apples")));
        Assert.Contains("max_files", Assert.Single(bench.Log.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folder_ThatVanishes_IsAWarning_AndFoundAgain()
    {
        await using var bench = Start(("a.md", "apples"));
        await bench.AskAsync("apples");
        var away = Path.Combine(bench.Folder, "away");
        Directory.Move(bench.Notes, away);
        await bench.LookAgainAsync();
        Assert.Empty(Quoted(await bench.AskAsync("apples")));
        Assert.Contains(bench.Notes, Assert.Single(bench.Log.Warnings), StringComparison.Ordinal);

        Directory.Move(away, bench.Notes);
        await bench.LookAgainAsync();
        Assert.Equal(["> apples"], Quoted(await bench.AskAsync("apples")));
    }

    [Fact]
    public async Task Requests_AtOnce_WhileFilesChange_AllGetWholeBlocks()
    {
        await using var bench = Start([.. Enumerable.Range(0, 100).Select(i => ($"{i}.md", $"word{i} version 0"))]);
        await bench.AskAsync("version");

        await System.Threading.Tasks.Parallel.ForEachAsync(Enumerable.Range(0, 400), async (i, _) =>
        {
            if (i % 10 == 0)
            {
                bench.Write($"{i / 10}.md", $"word{i / 10} version 11");
                await bench.LookAgainAsync();
            }

            var word = $"word{(i + 50) % 100}";
            var texts = await bench.AskAsync(User($"{word} question {i}"), Assistant("a"), User(word));
            Assert.Single(Quoted(texts[0]), line => line.StartsWith($"> {word} version ", StringComparison.Ordinal));
            Assert.Equal(texts[0], (await bench.AskAsync(User($"{word} question {i}"), Assistant("a")))[0]);
        });
    }

    [Fact]
    public async Task Question_WhileTheFilesAreReadForTheFirstTime_FailsWithWords()
    {
        await using var bench = Start(("a.md", "apples"));
        using var go = new ManualResetEventSlim();
        await using var next = await bench.RestartAsync(started => StopAtNextLook(started, go));

        var asking = next.AskAsync("apples");
        next.Clock.Advance(TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => asking.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("ask again", error.Message, StringComparison.Ordinal);
        go.Set();
    }

    [Fact]
    public async Task Question_WhileLookingTakesLong_IsAnsweredWithTheFilesAsTheyWere()
    {
        await using var bench = Start(("a.md", "apples one"));
        await bench.AskAsync("apples");
        bench.Write("a.md", "apples of another kind");
        using var go = new ManualResetEventSlim();
        var stopped = StopAtNextLook(bench, go);
        await bench.LookAgainAsync();

        var asking = bench.AskAsync("apples");
        await stopped.WaitAsync(TimeSpan.FromSeconds(30));
        bench.Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["> apples one"], Quoted(await asking.WaitAsync(TimeSpan.FromSeconds(30))));
        go.Set();
        Assert.Equal(["> apples of another kind"], Quoted(await bench.AskAsync("apples")));
    }

    [Fact]
    public async Task Stopping_WhileFilesAreRead_EndsTheWork()
    {
        await using var bench = Start(("a.md", "apples 1"), ("b.md", "apples 2"));
        await bench.AskAsync("apples");
        using var go = new ManualResetEventSlim();
        var stopped = StopAtNextLook(bench, go);
        bench.Write("c.md", "apples");
        await bench.LookAgainAsync();
        var asking = bench.AskAsync("apples");
        await stopped.WaitAsync(TimeSpan.FromSeconds(30));

        var stopping = bench.StopAsync();
        Assert.False(stopping.IsCompleted);
        go.Set();

        await stopping;
        Assert.Equal(2, Quoted(await asking).Count);
    }

    private static Task StopAtNextLook(RagBench bench, ManualResetEventSlim go)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        bench.Log.OnLine = line =>
        {
            if (!line.Contains("looks for changes", StringComparison.Ordinal))
                return;
            stopped.TrySetResult();
            go.Wait();
        };
        return stopped.Task;
    }

    private static List<string> Quoted(string text) => [.. text.Split('\n').Where(line => line.StartsWith('>'))];
}
