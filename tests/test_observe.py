import pytest, collections
from tests.matrix import *
from tests.test_access import world, answer, ask
from tests.world import undone
pytestmark = pytest.mark.django_db
def test_observe_all_the_things(world):
    import time; t=time.time(); n=0
    ROWS=rows()
    for row in ROWS:
        bad=collections.defaultdict(set)
        for cell in cells(world,row):
            n+=1
            col=cast(world,cell.home)[cell.actor]
            try: st=answer(world,cell)
            except Exception as e: st=type(e).__name__+str(e)[:80]
            if st!=cell.status: bad[(cell.form,col,st,cell.status)].add(cell.actor+"@"+cell.home)
        for k,v in bad.items(): print("DIFF", row, *k, sorted(v)[:3])
    print("CELLS",n,time.time()-t)
