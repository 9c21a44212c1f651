using Bioproxy.Host.Models.Slots;

namespace Bioproxy.UnitTests.Models.Slots;

public sealed class LearnedRatesTests
{
    private readonly LearnedRates _rates = new();
    private readonly RatesByModel _shared = new();

    [Fact]
    public void Now_NothingMeasured_IsTheAssumption() => Assert.Equal(Rates.Initial, _rates.Now);

    [Fact]
    public void Learn_First_ReplacesTheAssumptionAndLaterOnesCountAQuarter()
    {
        _rates.Prefilled(1000, 0.5);
        Assert.Equal(2000, _rates.Now.Prefill, 6);

        _rates.Prefilled(1000, 1);
        Assert.Equal(1750, _rates.Now.Prefill, 6);

        _rates.Prefilled(1000, 1);
        Assert.Equal(1562.5, _rates.Now.Prefill, 6);
    }

    [Fact]
    public void Learn_EveryFigure_OnItsOwn()
    {
        _rates.Prefilled(640, 1);
        _rates.Tokenised(300, 1000);
        _rates.Restored(5000, 0.5);
        _rates.Saved(100, 8000, 2);
        _rates.RolledBack(1000, 900);

        var expected = new Rates(
            Prefill: 640, Restore: 10_000, Save: 4000, TokensPerByte: 0.3, BytesPerToken: 80, RollBack: 0.9, HasRam: true, HasSaved: true);
        Assert.Equal(expected, _rates.Now);
    }

    [Fact]
    public void Learn_SmallOrUntold_IsIgnored()
    {
        _rates.Prefilled(63, 1);
        _rates.Prefilled(1000, 0);
        _rates.Tokenised(63, 1000);
        _rates.Tokenised(1000, 0);
        _rates.Restored(0, 1);
        _rates.Restored(1000, 0);
        _rates.Saved(0, 1000, 1);
        _rates.Saved(1000, 0, 1);
        _rates.Saved(1000, 1000, 0);
        _rates.RolledBack(63, 63);

        Assert.Equal(Rates.Initial, _rates.Now);
    }

    [Fact]
    public void RolledBack_MoreReusedThanExpected_IsAll()
    {
        _rates.RolledBack(1000, 1200);

        Assert.Equal(1, _rates.Now.RollBack);
    }

    [Fact]
    public void Begin_AnotherModel_ForgetsAndTheSameDoesNot()
    {
        _rates.Begin("one");
        _rates.Prefilled(1000, 0.5);
        _rates.Begin("one");
        Assert.Equal(2000, _rates.Now.Prefill, 6);

        _rates.Begin("two");
        Assert.Equal(Rates.Initial, _rates.Now);

        _rates.Prefilled(1000, 1);
        Assert.Equal(1000, _rates.Now.Prefill, 6); // the first again
    }

    [Fact]
    public void Now_AnotherServerMeasuredTheModel_IsItsFigureUntilThereIsAnOwnOne()
    {
        var (measured, fresh) = (new LearnedRates(_shared), new LearnedRates(_shared));
        measured.Begin("one");
        fresh.Begin("one");
        measured.Prefilled(4000, 1);
        measured.Saved(100, 8000, 2);

        Assert.Equal(Rates.Initial with { Prefill = 4000, Save = 4000, BytesPerToken = 80, HasSaved = true }, fresh.Now);

        fresh.Prefilled(1000, 1);
        measured.Prefilled(8000, 1);
        Assert.Equal(1000, fresh.Now.Prefill, 6);
        Assert.Equal(5000, measured.Now.Prefill, 6);
    }

    [Fact]
    public void Now_AnotherServerMeasuredAgain_IsTheNewFigure()
    {
        var (measured, fresh) = (new LearnedRates(_shared), new LearnedRates(_shared));
        measured.Begin("one");
        fresh.Begin("one");
        measured.Prefilled(4000, 1);
        Assert.Equal(4000, fresh.Now.Prefill, 6);

        measured.Prefilled(8000, 1);

        Assert.Equal(5000, fresh.Now.Prefill, 6);
    }

    [Fact]
    public void Now_OnlyAnotherModelWasMeasured_IsTheAssumption()
    {
        var (measured, fresh) = (new LearnedRates(_shared), new LearnedRates(_shared));
        measured.Begin("one");
        measured.Prefilled(4000, 1);
        Assert.Equal(Rates.Initial, fresh.Now); // not recognised

        fresh.Begin("two");

        Assert.Equal(Rates.Initial, fresh.Now);
    }

    [Fact]
    public void Begin_TheModelWasMeasuredBefore_StartsWithItsFigures()
    {
        var (measured, fresh) = (new LearnedRates(_shared), new LearnedRates(_shared));
        measured.Begin("one");
        measured.Prefilled(4000, 1);
        fresh.Begin("two");
        Assert.Equal(Rates.Initial, fresh.Now);

        fresh.Begin("one");

        Assert.Equal(4000, fresh.Now.Prefill, 6);
    }
}
