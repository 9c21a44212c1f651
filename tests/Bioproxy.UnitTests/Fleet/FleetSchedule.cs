using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Fleet;

/// <summary>Arrivals that a seed decides: conversations that grow turn by turn, in times of all models alike, of one that everybody wants,
/// and of bursts.</summary>
internal sealed class FleetSchedule
{
    private const int Turns = 6;
    private const int PerModel = 8;
    private static readonly string[] Models = ["a", "b", "c"];

    private readonly Random _random;
    private readonly (int Number, int Turn)[,] _conversations = new (int, int)[Models.Length, PerModel];
    private int _started;

    public FleetSchedule(int seed, int arrivals)
    {
        _random = new Random(seed);
        var at = TimeSpan.Zero;
        Requests = [.. Enumerable.Range(0, arrivals).Select(number =>
        {
            var phase = number / 200 % 4;
            at += TimeSpan.FromMilliseconds(phase == 3 ? _random.Next(0, 60) : _random.Next(1, 300));
            return Next(at, phase);
        })];
    }

    public IReadOnlyList<FleetRequest> Requests { get; }

    private FleetRequest Next(TimeSpan at, int phase)
    {
        // In its second phase nearly everybody wants one model, without a pause: others must get their turn all the same.
        var model = phase == 1 && _random.Next(8) > 0 ? 1 : _random.Next(Models.Length);
        var place = _random.Next(PerModel);
        var (number, turn) = _conversations[model, place];
        if (turn == 0)
            number = ++_started;
        _conversations[model, place] = (number, (turn + 1) % Turns);
        return new FleetRequest(at, Models[model], TextOf(number, turn), (ulong)_random.Next(4))
        {
            Lane = _random.Next(5) == 0 ? Lane.Batch : Lane.Interactive,
            LeavesAfter = _random.Next(4) == 0 ? TimeSpan.FromMilliseconds(_random.Next(1, _random.Next(1, 12_000))) : null,
        };
    }

    private static string TextOf(int conversation, int turn) => string.Create(
        1200 + (turn * 400),
        conversation,
        static (text, conversation) =>
        {
            for (var i = 0; i < text.Length; i++)
                text[i] = (char)('a' + ((i * 7) + (conversation * 31) + (conversation * i / 13)) % 26);
            _ = conversation.TryFormat(text, out _, "00000", System.Globalization.CultureInfo.InvariantCulture);
        });
}
