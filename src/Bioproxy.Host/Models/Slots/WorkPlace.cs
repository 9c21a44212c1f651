namespace Bioproxy.Host.Models.Slots;

/// <summary>Where unpinned work turned out to have run. Works and slots that it may have disturbed keep this, and not the work.</summary>
internal sealed class WorkPlace
{
    /// <summary>The slot that an answer reported or a slot list showed; null while that is unknown, perhaps for ever.</summary>
    public int? Slot { get; set; }
}
